"""All routers of the door for people; `main` mounts them."""

from fastapi import APIRouter

from app.web import admin, business, official, papers, public

routers: list[APIRouter] = [public.router, business.router, papers.router, official.router, *admin.routers]
