"""Words: what the console calls the values of the catalogue, in Vietnamese, ready for gettext."""

from __future__ import annotations

from catalogue.document import DocumentKind, DocumentState
from catalogue.intake import Verdict
from catalogue.review import Verb
from gateway.i18n import _
from gateway.importing import ImportFormat
from redirects.mapping import MappingKind
from redirects.rule import RulePlace

STATES: dict[str, str] = {
    DocumentState.IMPORTED: _("Chờ duyệt"),
    DocumentState.ACCEPTED: _("Đã chấp nhận"),
    DocumentState.REJECTED: _("Đã từ chối"),
    DocumentState.QUARANTINED: _("Cách ly"),
    DocumentState.DUPLICATE: _("Bản trùng"),
}

KINDS: dict[str, str] = {
    DocumentKind.ARTICLE: _("Bài viết"),
    DocumentKind.ATTACHMENT: _("Tệp đính kèm"),
}

VERBS: dict[str, str] = {
    Verb.ACCEPT: _("Chấp nhận"),
    Verb.REJECT: _("Từ chối"),
    Verb.QUARANTINE: _("Cách ly"),
    Verb.REOPEN: _("Mở lại"),
    Verb.EDIT: _("Sửa"),
}

DEEDS: dict[str, str] = {
    Verb.ACCEPT: _("Đã chấp nhận"),
    Verb.REJECT: _("Đã từ chối"),
    Verb.QUARANTINE: _("Đã cách ly"),
    Verb.REOPEN: _("Đã mở lại"),
    Verb.EDIT: _("Đã sửa"),
    "map": _("Đã ánh xạ"),
    "import": _("Đã nhập"),
    "suggestion": _("Đã nhận gợi ý"),
    "undo": _("Đã hoàn tác"),
    "rekey": _("Đã lập lại khoá"),
    "rule": _("Đã sửa quy tắc"),
    "mixed": _("Nhiều việc"),
}
"""What a batch did, by its verb."""

RULE_PLACES: dict[str, str] = {
    RulePlace.BEFORE: _("Trước các ánh xạ"),
    RulePlace.PATTERN: _("Sau các ánh xạ"),
    RulePlace.AFTER: _("Sau cùng"),
}

VERDICTS: dict[str, str] = {
    Verdict.NEW: _("Mới"),
    Verdict.CHANGED: _("Thay bản cũ"),
    Verdict.SAME: _("Đã có"),
    Verdict.CONFLICT: _("Xung đột"),
}
"""What becomes of the rows of a file."""

FORMATS: dict[str, str] = {
    ImportFormat.CSV: _("Bảng CSV, TSV"),
    ImportFormat.XLSX: _("Bảng tính XLSX, XLS"),
    ImportFormat.JSON: _("JSON"),
    ImportFormat.NETLIFY: _("_redirects"),
    ImportFormat.NGINX: _("nginx"),
    ImportFormat.APACHE: _("Apache"),
    ImportFormat.REWRITE_MAP: _("Apache RewriteMap"),
    ImportFormat.WORDPRESS: _("WordPress Redirection"),
}

SEPARATORS: dict[str, str] = {
    ",": _("dấu phẩy"),
    ";": _("dấu chấm phẩy"),
    "\t": _("dấu tab"),
    "|": _("dấu gạch đứng"),
}

MAPPING_KINDS: dict[str, str] = {
    MappingKind.MOVED: _("Chuyển hẳn (301)"),
    MappingKind.TEMPORARY: _("Chuyển tạm (302)"),
    MappingKind.SPLIT: _("Tách thành nhiều trang"),
    MappingKind.GONE: _("Đã gỡ bỏ (410)"),
    MappingKind.ARCHIVED: _("Xem bản lưu"),
    MappingKind.KEEP: _("Giữ ở máy chủ cũ"),
    MappingKind.UNRESOLVED: _("Chưa quyết định"),
}

MAPPING_STATES: dict[str, str] = {
    "suggested": _("Đề xuất"),
    "active": _("Đang dùng"),
    "refused": _("Đã bác"),
}

MAPPING_SOURCES: dict[str, str] = {
    "crawl": _("thu thập"),
    "import": _("nhập từ tệp"),
    "editor": _("biên tập viên"),
    "suggestion": _("gợi ý được nhận"),
}

FLAGS: dict[str, str] = {
    "spam": _("nghi quảng cáo cờ bạc"),
    "hidden-spam": _("quảng cáo giấu trong trang"),
    "personal-data": _("nghi có dữ liệu cá nhân"),
    "no-date": _("thiếu ngày đăng"),
    "trap-template": _("một trong vô số trang cùng mẫu"),
    "empty-file": _("tệp rỗng"),
    "unread-file": _("không đọc được tệp"),
    "charset-tcvn3": _("đã đổi từ bảng mã TCVN3"),
    "charset-vni": _("đã đổi từ bảng mã VNI"),
    "charset-double-utf-8": _("đã chữa chữ bị vỡ"),
}
"""Why a document wants a second look; a flag nobody named here is shown as it is."""

MAKERS: dict[str, str] = {"crawler": _("thu thập tự động")}
"""Who made a version; an editor is shown by name."""

RUNGS: dict[str, str] = {
    "host": _("Máy chủ"),
    "api route": _("Tuyến API"),
    "live page": _("Trang của cổng mới"),
    "rule before": _("Quy tắc đi trước"),
    "mapping": _("Ánh xạ"),
    "near mapping": _("Ánh xạ của cách viết gần giống"),
    "rule": _("Quy tắc theo mẫu"),
    "rule after": _("Quy tắc đi sau"),
    "archived copy": _("Bản lưu"),
    "unresolved": _("Chưa quyết định"),
}
"""The rungs of the ladder (redirects.ladder.Rung)."""

STEP_OUTCOMES: dict[str, str] = {
    "no match": _("không khớp"),
    "none here": _("không có"),
    "none on this host": _("máy chủ này không có"),
}

OUTCOMES: dict[str, str] = {
    "Unreadable": _("Không phải một địa chỉ http(s)."),
    "Proxied": _("Lời gọi API được chuyển tiếp đến máy chủ còn phục vụ."),
    "Retired": _("API đã ngừng phục vụ (410), kèm địa chỉ thay thế nếu có."),
    "Live": _("Trang do chính cổng mới phục vụ."),
    "Moved": _("Được chuyển ngay đến địa chỉ mới."),
    "Split": _("Trang liệt kê các nơi kế thừa."),
    "Gone": _("Trang báo nội dung đã gỡ bỏ (410)."),
    "Archived": _("Bản lưu của trang cũ."),
    "Unresolved": _("Trang báo chưa tìm thấy (404), và lượt hỏi được đếm."),
    "UnknownHost": _("Máy chủ này không thuộc cổng nào (421)."),
}
"""What a visitor sees, by the name of the resolution."""
