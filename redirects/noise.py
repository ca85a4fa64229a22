"""Parameters that never change what is seen: trackers and session ids, as data.

Every site ignores them unless its policy names one as significant. A name that ends in `*` stands
for all names with that beginning, one that begins with `*` for all with that end; all are
lower-case.
"""

from __future__ import annotations

SESSION_PARAMETERS: tuple[str, ...] = (
    "jsessionid",
    "phpsessid",
    "phpsessionid",
    "aspsessionid*",
    "asp.net_sessionid",
    "sessionid",
    "session_id",
    "sid",
    "cfid",
    "cftoken",
    "_afrloop",
    "_afrwindowmode",
    "_afrwindowid",
    "_adf.ctrl-state",
)
"""Session ids of Java, PHP, ASP.NET, ColdFusion and Oracle ADF portals."""

TRACKING_PARAMETERS: tuple[str, ...] = (
    "utm_*",
    "fbclid",
    "gclid",
    "gclsrc",
    "gbraid",
    "wbraid",
    "dclid",
    "msclkid",
    "yclid",
    "ttclid",
    "twclid",
    "igshid",
    "igsh",
    "li_fat_id",
    "zarsrc",
    "zalo_*",
    "_ga",
    "_gl",
    "_ga_*",
    "_gac",
    "mc_cid",
    "mc_eid",
    "mc_*",
    "pk_*",
    "piwik_*",
    "mtm_*",
    "hsctatracking",
    "_hsenc",
    "_hsmi",
    "ref_src",
    "fb_action_ids",
    "fb_action_types",
    "fb_source",
    "__twitter_impression",
)
"""What social networks, mailings and analytics add to a link; `zarsrc` is Zalo's."""

NOISE_PARAMETERS: tuple[str, ...] = SESSION_PARAMETERS + TRACKING_PARAMETERS
