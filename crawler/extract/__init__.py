"""Reading captures: from stored bytes to what a page says. No network, no database.

`reading.read_page` joins the parts: blocks of text, the site's template, the main content, and
what stands around it (title, date, breadcrumb, number, agency, files).
"""
