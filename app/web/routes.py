"""All routers of the door for people; `main` mounts them."""

from fastapi import APIRouter

from app.web import admin, business, official, public

routers: list[APIRouter] = [public.router, *business.routers, official.router, *admin.routers]
