"""Pages of a business: filing, papers, paying, what came back, who read its data. One permission for all of them."""

from fastapi import APIRouter

from app.web.business import account, course, filing, papers, paying, progress, reads, uploading

routers: list[APIRouter] = [
    filing.router,
    papers.router,
    uploading.router,
    paying.router,
    progress.router,
    course.router,
    course.uploads,
    account.router,
    reads.router,
    account.kept_forms,
]
