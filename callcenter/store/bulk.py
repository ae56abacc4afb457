"""Loads millions of rows quickly: benchmarks, demo populations, a first take-over.

Not for a store in use: it takes the write lock for long and, into an empty store, works without
the look-up indexes and builds them at the end (a killed load is healed when the store opens next).
Rows must be new. It must not validate; the caller vouches for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import islice
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from callcenter.floor.card import Contact
from callcenter.floor.orders import RecordCall, RecordOutcome, RecordPrediction
from callcenter.ports import Account, Condition, PersonRow

from .database import Database, PreparedInsert
from .errors import explain
from .predictions import prediction_row
from .records import call_row, outcome_row
from .tables import (
    account_skills,
    as_json,
    bills,
    cases,
    conditions,
    contact_points,
    happenings,
    interactions,
    orders,
    outcomes,
    pages,
    people,
    predictions,
    promises,
    users,
)

T = TypeVar("T")
_Row = tuple[Any, ...]

CHUNK = 5_000
"""People, or other items, in one transaction."""

_PERSON = (
    "id", "name", "language", "tier", "since", "birth", "city", "segment", "products",
    "lifetime_value", "currency", "payment_days", "preferred_channel", "preferred_time", "note",
    "consent_marketing", "consent_recording", "predict",
)  # fmt: skip
_ORDER = ("id", "placed", "state", "title", "amount", "currency", "due")
_BILL = ("id", "issued", "due", "amount", "currency", "paid")
_CASE = ("id", "opened", "closed", "reason", "title", "state")
_PROMISE = ("id", "made", "due", "text", "kept")
_HAPPENING = ("id", "at", "kind", "title", "topic")
_CONDITION = ("id", "kind", "since", "until", "title", "product")
_ACCOUNT = ("agent", "name", "role", "device", "password_hash", "language", "active")
_ACCOUNT_OF = attrgetter(*_ACCOUNT)
_BEFORE_PRODUCTS = attrgetter(*_PERSON[:8])
_AFTER_PRODUCTS = attrgetter(*_PERSON[9:])
_ORDER_OF, _BILL_OF = attrgetter(*_ORDER), attrgetter(*_BILL)
_CASE_OF, _PROMISE_OF = attrgetter(*_CASE), attrgetter(*_PROMISE)
_HAPPENING_OF, _CONDITION_OF = attrgetter(*_HAPPENING), attrgetter(*_CONDITION)
_LOOKED_UP = (contact_points, interactions, outcomes, happenings, pages, predictions)


@lru_cache(4096)
def _products(products: tuple[str, ...]) -> str:
    return as_json(products)


class Bulk:
    """Give it rows in any amount; they are streamed. Methods return how many items they took.

    All raise ``StoreError``; what was loaded before stays.
    """

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self._where = where
        dialect = connection.dialect

        def rows_of(table: Table, *columns: str) -> tuple[PreparedInsert, list[_Row]]:
            return PreparedInsert(table, columns, dialect), []

        self._people = rows_of(people, *_PERSON)
        self._points = rows_of(contact_points, "person", "kind", "value", "label", "rank")
        self._orders = rows_of(orders, "person", *_ORDER)
        self._bills = rows_of(bills, "person", *_BILL)
        self._cases = rows_of(cases, "person", *_CASE)
        self._promises = rows_of(promises, "person", *_PROMISE)
        self._happenings = rows_of(happenings, "person", *_HAPPENING)
        self._pages = rows_of(pages, "person", "at", "page")
        self._conditions = rows_of(conditions, *_CONDITION)
        self._calls = rows_of(interactions, *(column.name for column in interactions.c))
        self._outcomes = rows_of(outcomes, *(column.name for column in outcomes.c))
        self._predictions = rows_of(predictions, *(column.name for column in predictions.c))
        self._users = rows_of(users, *_ACCOUNT)
        self._skills = rows_of(account_skills, "agent", "skill", "level")
        self._all = (
            self._users, self._skills, self._people, self._points, self._orders, self._bills,
            self._cases, self._promises, self._happenings, self._pages, self._conditions,
            self._calls, self._outcomes, self._predictions,
        )  # fmt: skip

    def people(self, rows: Iterable[PersonRow]) -> int:
        """People with everything in their rows, contacts too (not ``matched``, ``sharers``)."""
        return self._load(rows, self._add_person)

    def calls(self, records: Iterable[RecordCall]) -> int:
        return self._load(records, lambda call: self._calls[1].append((*call_row(call).values(),)))

    def outcomes(self, records: Iterable[RecordOutcome]) -> int:
        return self._load(
            records, lambda noted: self._outcomes[1].append((*outcome_row(noted).values(),))
        )

    def predictions(self, records: Iterable[RecordPrediction]) -> int:
        """Predictions, one of each call and ``ask``."""

        def add(made: RecordPrediction) -> None:
            row = prediction_row(made)
            self._predictions[1].append(tuple(row[column.name] for column in predictions.c))

        return self._load(records, add)

    def conditions(self, conditions: Iterable[Condition]) -> int:
        return self._load(conditions, lambda one: self._conditions[1].append(_CONDITION_OF(one)))

    def accounts(self, accounts: Iterable[Account]) -> int:
        """Those who may sign in."""
        return self._load(accounts, self._add_account)

    def _load(self, items: Iterable[T], add: Callable[[T], None]) -> int:
        stream, count = iter(items), 0
        while chunk := list(islice(stream, CHUNK)):
            for item in chunk:
                add(item)
            self._flush()
            count += len(chunk)
        return count

    def _flush(self) -> None:
        try:
            with self._connection.begin():
                cursor = self._connection.connection.cursor()
                for insert, rows in self._all:
                    if rows:
                        insert.many(cursor, rows)
        except Exception as error:
            raise explain(error, self._where) from error
        finally:
            for _, rows in self._all:
                rows.clear()

    def _add_person(self, row: PersonRow) -> None:
        who = row.id
        self._people[1].append(
            (*_BEFORE_PRODUCTS(row), _products(row.products), *_AFTER_PRODUCTS(row))
        )
        points = self._points[1]
        for rank, point in enumerate(row.points):
            points.append((who, point.kind, point.value, point.label, rank))
        if row.orders:
            self._orders[1].extend((who, *_ORDER_OF(one)) for one in row.orders)
        if row.bills:
            self._bills[1].extend((who, *_BILL_OF(one)) for one in row.bills)
        if row.cases:
            self._cases[1].extend((who, *_CASE_OF(one)) for one in row.cases)
        if row.promises:
            self._promises[1].extend((who, *_PROMISE_OF(one)) for one in row.promises)
        if row.happenings:
            self._happenings[1].extend((who, *_HAPPENING_OF(one)) for one in row.happenings)
        if row.pages:
            self._pages[1].extend((who, one.at, one.page) for one in row.pages)
        for contact in row.contacts:
            self._add_contact(who, contact)

    def _add_account(self, account: Account) -> None:
        self._users[1].append(_ACCOUNT_OF(account))
        self._skills[1].extend((account.agent, skill, level) for skill, level in account.skills)

    def _add_contact(self, person: str, contact: Contact) -> None:
        began = contact.at + contact.wait
        ended = began + contact.talk
        self._calls[1].append(
            (
                contact.call, "inbound", None, None, None, person, contact.queue, contact.agent,
                contact.at, began if contact.talk else None, ended, contact.wait, contact.talk,
                contact.transfers, contact.ended, "[]", None, "[]",
            )
        )  # fmt: skip
        if contact.reason is not None and contact.outcome is not None:
            self._outcomes[1].append(
                (
                    contact.call, ended, contact.agent or "", person, contact.reason,
                    contact.outcome, contact.notes, contact.queue, "[]",
                )
            )  # fmt: skip


@contextmanager
def open_bulk(database: Database) -> Iterator[Bulk]:
    """Raises ``StoreError``."""
    with database.bulk() as connection:
        try:
            with connection.begin():
                fresh = connection.execute(select(people.c.id).limit(1)).first() is None
                left_out = [index for table in _LOOKED_UP for index in table.indexes if fresh]
                for index in left_out:
                    index.drop(connection, checkfirst=True)
        except Exception as error:
            raise explain(error, database.where) from error
        try:
            yield Bulk(connection, database.where)
        finally:
            try:
                with connection.begin():
                    for index in left_out:
                        index.create(connection, checkfirst=True)
            except Exception as error:
                raise explain(error, database.where) from error
