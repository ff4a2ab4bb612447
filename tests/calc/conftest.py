"""One LibreOffice for the tests of a module; each test gets a new book."""

from __future__ import annotations

import pytest

from addin import calc


@pytest.fixture(scope="module")
def app():
    why = calc.why_not()
    if why:
        pytest.skip(why)
    with calc.office() as app:
        yield app


@pytest.fixture
def book(app):
    book = app.books.add()
    yield book
    if book.impl in app.impl.open_books:
        book.close()


@pytest.fixture
def sheet(book):
    return book.sheets[0]
