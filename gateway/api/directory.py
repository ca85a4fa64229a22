"""The statistics office's SOAP service, as old programs know it: `/api/dmdvhc.asmx`.

Operations, parameters and the shape of the answer are those of its DMDVHC.asmx (namespace
http://tempuri.org/): a DataSet whose rows are `TABLE`. Asked for a day from 1 July 2025 on, the
districts are an empty table, never a fault: programs that fetch all three lists go on working.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from catalogue.search.analysis import fold
from catalogue.units.register import Level, Register, Unit
from gateway.answer import Answer
from gateway.api.bodies import whole_body
from gateway.api.questions import QuestionError, read_day
from gateway.api.replies import whole
from gateway.i18n import _
from gateway.settings.portal import PortalSettings

PATH = b"/api/dmdvhc.asmx"
MOST_BYTES = 64 * 1024
_TEMPLATES = Path(__file__).with_name("templates")  # for programs: no page of ours
_NAMESPACE = "http://tempuri.org/"
_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_KINDS = {_SOAP_11: b"text/xml; charset=utf-8", _SOAP_12: b"application/soap+xml; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: its level, what it may be asked with, and the columns of its rows."""

    name: str
    level: Level
    parameters: tuple[str, ...]
    columns: tuple[str, ...]


_OPERATIONS = {
    one.name: one
    for one in (
        Operation("DanhMucTinh", Level.PROVINCE, ("DenNgay",), ("MaTinh", "TenTinh", "LoaiHinh")),
        Operation(
            "DanhMucQuanHuyen",
            Level.DISTRICT,
            ("DenNgay", "Tinh", "TenTinh"),
            ("MaTinh", "TenTinh", "MaQuanHuyen", "TenQuanHuyen", "LoaiHinh"),
        ),
        Operation(
            "DanhMucPhuongXa",
            Level.COMMUNE,
            ("DenNgay", "Tinh", "TenTinh", "QuanHuyen", "TenQuanHuyen"),
            (
                *("MaTinh", "TenTinh", "MaQuanHuyen", "TenQuanHuyen"),
                *("MaPhuongXa", "TenPhuongXa", "LoaiHinh"),
            ),
        ),
    )
}
_COLUMNS = {
    Level.PROVINCE: ("MaTinh", "TenTinh"),
    Level.DISTRICT: ("MaQuanHuyen", "TenQuanHuyen"),
    Level.COMMUNE: ("MaPhuongXa", "TenPhuongXa"),
}
_FILTERS = (
    ("Tinh", "MaTinh"),
    ("TenTinh", "TenTinh"),
    ("QuanHuyen", "MaQuanHuyen"),
    ("TenQuanHuyen", "TenQuanHuyen"),
)


class Directory:
    """Answers the SOAP service from the register."""

    def __init__(
        self, *, portal: PortalSettings, register: Register, today: Callable[[], dt.date]
    ) -> None:
        self._address = portal.url + PATH.decode("ascii")
        self._register = register
        self._today = today
        templates = Environment(
            loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
        )
        self._wsdl = templates.get_template("directory.wsdl")
        self._envelope = templates.get_template("directory.xml")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call, or describe the service to whoever only looks."""
        if scope["method"] == "POST":
            body = await whole_body(receive, most=MOST_BYTES)
            answer = await run_in_threadpool(self._called, body)
        elif scope["method"] in {"GET", "HEAD"}:
            answer = self._described()
        else:
            answer = whole(405, b"text/plain", b"", ((b"allow", b"GET, HEAD, POST"),))
        await answer(scope, receive, send)

    def _described(self) -> Answer:
        text = self._wsdl.render(operations=_OPERATIONS.values(), address=self._address)
        return whole(200, _KINDS[_SOAP_11], text.encode())

    def _called(self, body: bytes | None) -> Answer:
        envelope = _SOAP_11
        try:
            root = _parsed(body)
            envelope = etree.QName(root).namespace
            operation, asked = _operation(root, envelope)
            rows = self._rows(operation, asked)
        except QuestionError as error:
            return self._fault(envelope, error.detail)
        text = self._envelope.render(
            envelope=envelope, fault=None, operation=operation, rows=rows, is_12=False
        )
        return whole(200, _KINDS[envelope], text.encode())

    def _fault(self, envelope: str, detail: str) -> Answer:
        """Return a fault: 500 in SOAP 1.1 (6.2), 400 for a sender's in SOAP 1.2 (part 2, 7.5.2)."""
        is_12 = envelope == _SOAP_12
        name = envelope if is_12 else _SOAP_11
        text = self._envelope.render(
            envelope=name, fault=detail, is_12=is_12, operation=None, rows=()
        )
        return whole(400 if is_12 else 500, _KINDS[name], text.encode())

    def _rows(self, operation: Operation, asked: Mapping[str, str]) -> list[dict[str, str | None]]:
        text = asked.get("DenNgay", "")
        on = read_day("DenNgay", text) if text else self._today()
        wanted = [(column, fold(asked[name])) for name, column in _FILTERS if asked.get(name)]
        rows = (
            self._row(operation, unit, on) for unit in self._register.valid_on(on, operation.level)
        )
        return [
            row for row in rows if all(fold(row.get(name) or "") == text for name, text in wanted)
        ]

    def _row(self, operation: Operation, unit: Unit, on: dt.date) -> dict[str, str | None]:
        row: dict[str, str | None] = dict.fromkeys(operation.columns)
        for one in (unit, *self._register.ancestors(unit, on)):
            code, name = _COLUMNS[one.level]
            row[code], row[name] = one.code, one.name
        row["LoaiHinh"] = _type_of(unit)
        return row


def _type_of(unit: Unit) -> str:
    """Name the type as the office does: a city of the first tier is under the centre."""
    is_city = unit.level is Level.PROVINCE and unit.type == "Thành phố"
    return "Thành phố Trung ương" if is_city else unit.type


def _parsed(body: bytes | None) -> etree._Element:
    """Parse an envelope that declares no types and no entities, without any network."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body or b"", parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise QuestionError("", _("Phong bì SOAP không đọc được.")) from error
    if root.getroottree().docinfo.doctype or etree.QName(root).localname != "Envelope":
        raise QuestionError("", _("Phong bì SOAP không đọc được."))
    if etree.QName(root).namespace not in _KINDS:
        raise QuestionError("", _("Cần phong bì SOAP 1.1 hoặc 1.2."))
    return root


def _operation(root: etree._Element, envelope: str) -> tuple[Operation, dict[str, str]]:
    call = root.find(f"{{{envelope}}}Body/{{{_NAMESPACE}}}*")
    operation = None if call is None else _OPERATIONS.get(etree.QName(call).localname)
    if call is None or operation is None:
        raise QuestionError("", _("Không có thao tác này."))
    asked = {
        etree.QName(child).localname: " ".join((child.text or "").split())
        for child in call.iterchildren("{*}*")
    }
    return operation, asked
