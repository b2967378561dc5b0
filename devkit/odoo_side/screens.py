"""The screens that ``./dev screenshots`` shows, on the data of ``./dev demo``."""

from dataclasses import dataclass

WIDE, NARROW = (1280, 800), (400, 800)
WIDER, TALL = (1600, 800), (1280, 1700)  # all columns of the list; the settings with their check and the test


@dataclass(frozen=True)
class Screen:
    """One picture.

    :param str name: of the file, without ``screenshot_`` and ``.png``
    :param str login: who looks
    :param str action: XML id of the action to open
    :param str ready: selector of what must be seen; it is scrolled to
    :param tuple record: ``(model, domain)``; the form of the first such record is opened
    :param tuple clicks: selectors to click before, one after the other
    :param tuple size: pixels, width and height
    """

    name: str
    login: str
    action: str
    ready: str
    record: tuple = ()
    clicks: tuple = ()
    size: tuple = WIDE


HOTEL = ["partner_id.name", "=", "Hotel Miramar"]
QUOTATION = ("sale.order", [HOTEL, ["user_id.login", "=", "junior"], ["state", "=", "sent"]])
BOUNCED_QUOTATION = ("sale.order", [["partner_id.name", "=", "Grand Hotel Moved Away"]])
INVOICE = ("account.move", [HOTEL, ["move_type", "=", "out_invoice"], ["state", "=", "posted"]])
REFUSED = ("sengerio.mail.document", [["state", "=", "refused"]])
DOCUMENTS = "sengerio_mail.sengerio_mail_document_action"
TYPES = "sengerio_mail.sengerio_mail_document_type_action"
LISTED = ".o_list_view .o_data_row:first-child"
RECIPIENTS = ".o_form_view .o_field_widget[name='delivery_ids']"
COMPOSER = ".modal .o_mail_send:not([disabled])"
WIZARD = ".modal button[name='action_send_and_print']"
ADDRESSES = ".o_field_widget[name='sengerio_address_ids'] .o_data_row"
OUR_TAB = ".nav-link[name='sengerio_mail']"
SEND_QUOTATION = "button[name='action_quotation_send']"
RESEND = "button[name='action_resend']"
MORE_BUTTONS = ".o_statusbar_buttons button[title='More']"  # on a narrow screen
ALL_ROWS = ".o_list_view thead .o_list_record_selector input"

SCREENS = (
    Screen("list", "admin", DOCUMENTS, LISTED, size=WIDER),
    Screen("document", "admin", DOCUMENTS, RECIPIENTS, REFUSED),
    Screen("resend", "admin", DOCUMENTS, ".modal button[name='action_send']", REFUSED, (RESEND,)),
    Screen("composer", "junior", "sale.action_quotations", COMPOSER, QUOTATION, (SEND_QUOTATION,)),
    Screen(
        "invoice", "accountant", "account.action_move_out_invoice", WIZARD, INVOICE,
        ("button[name='action_invoice_sent']",),
    ),
    Screen(
        "batch", "accountant", "account.action_move_out_invoice", WIZARD,
        clicks=(ALL_ROWS, "button[name='action_send_and_print']"),
    ),
    Screen(
        "partner", "admin", "account.res_partner_action_customer", ADDRESSES,
        ("res.partner", [["name", "=", "Hotel Miramar"]]), (OUR_TAB,),
    ),
    Screen(
        "matrix", "admin", "account.res_partner_action_customer",
        "table[name='sengerio_matrix'] tr[data-type='quotation']", ("res.partner", [["name", "=", "Hotel Miramar"]]),
        (OUR_TAB, "button[name='action_sengerio_matrix']"),
    ),
    Screen("chips", "junior", "sale.action_quotations", ".o_sengerio_message_state", BOUNCED_QUOTATION),
    Screen(
        "settings", "admin", "sengerio_mail.sengerio_mail_settings_action", "button[name='action_send_test']",
        size=TALL,
    ),
    Screen("types", "admin", TYPES, LISTED),
    Screen("list_narrow", "admin", DOCUMENTS, ".o_kanban_record:first-child, .o_data_row:first-child", size=NARROW),
    Screen("document_narrow", "admin", DOCUMENTS, RECIPIENTS, REFUSED, size=NARROW),
    Screen("resend_narrow", "admin", DOCUMENTS, ".modal button[name='action_send']", REFUSED, (RESEND,), NARROW),
    Screen(
        "composer_narrow", "junior", "sale.action_quotations", COMPOSER, QUOTATION, (MORE_BUTTONS, SEND_QUOTATION),
        NARROW,
    ),
)  # fmt: skip
