import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";
import { choose, paste, press, pressUntil, tabTo, type } from "./keys";

const ROW = ".o_data_row:contains(azure@azure.example)";
const RESEND = `${ROW} button[name=action_resend]`;
const LINE = ".modal .o_field_widget[name=line_ids] .o_data_row";

registry.category("web_tour.tours").add("sengerio_mail_keyboard_resend", {
    steps: () =>
        countClicks(0, [
            { content: "A document came back", trigger: RESEND },
            pressUntil("ArrowDown", `${ROW} .o_list_record_selector input`),
            pressUntil("ArrowRight", RESEND),
            press(" "), // Enter opens the row, as in all lists of Odoo
            { content: "The wizard says what happened", trigger: `${LINE}:contains(does not exist)` },
            tabTo(`${LINE} td:eq(0)`),
            press("ArrowRight"),
            press("Enter"),
            { content: "The address may be written over", trigger: `${LINE} [name=email] input:focus` },
            type("new@azure.example"),
            tabTo(".modal button[name=action_send]"),
            press("Enter"),
            { content: "It is sent again", trigger: ".o_notification:contains(Sent again to new@azure.example)" },
            { content: "It is listed", trigger: "body:not(:has(.modal)) .o_data_row:contains(new@azure.example)" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_keyboard_settings", {
    steps: () =>
        countClicks(0, [
            { trigger: "button[name=action_send_test]" },
            tabTo("button[name=action_send_test]"),
            press(" "),
            {
                content: "The mail server took the message to oneself",
                trigger: ".o_field_widget[name=check_ids] .o_data_row:contains(To you):contains(Taken by the mail server)",
            },
        ]),
});

const ADDRESSES = ".o_field_widget[name=sengerio_address_ids] .o_data_row";
const PASTE = ".o_field_widget[name=sengerio_paste] textarea";

registry.category("web_tour.tours").add("sengerio_mail_keyboard_paste", {
    steps: () =>
        countClicks(0, [
            { trigger: ".o_notebook .nav-link[name=sengerio_mail]" },
            tabTo(".o_notebook .nav-link[name=sengerio_mail]"),
            press("Enter"),
            { trigger: PASTE },
            tabTo(PASTE),
            paste("a@azure.example, b@azure.example; c@azure.example\nd@azure.example, e@azure.example"),
            press("Tab"),
            { content: "Five rows", trigger: `${ADDRESSES}:eq(4):contains(e@azure.example)` },
            press("Alt+s"),
            { content: "Saved", trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        ]),
});

const TYPE = ".o_field_widget[name=type_ids] .o_data_row:contains(Quotation)";

registry.category("web_tour.tours").add("sengerio_mail_keyboard_types", {
    steps: () =>
        countClicks(0, [
            { trigger: TYPE },
            tabTo(".o_field_widget[name=type_ids] .o_data_row:eq(0) td:eq(0)"),
            pressUntil("ArrowDown", `${TYPE} td:eq(0)`),
            press("Enter"),
            { content: "The row can be edited", trigger: `${TYPE}.o_selected_row` },
            tabTo(`${TYPE} [name=from_policy] input`),
            ...choose("The sender"),
            { content: "It is chosen", trigger: `${TYPE} [name=from_policy] input:value(The sender)` },
            press("Alt+s"),
            { content: "Saved", trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        ]),
});

const ROLE = ".o_field_widget[name=sengerio_address_ids] .o_selected_row [name=role] input";

registry.category("web_tour.tours").add("sengerio_mail_keyboard_menu", {
    steps: () =>
        countClicks(0, [
            { trigger: ".o_notebook .nav-link[name=sengerio_mail]" },
            tabTo(".o_notebook .nav-link[name=sengerio_mail]"),
            press("Enter"),
            { trigger: `${ADDRESSES} td:eq(0)` },
            tabTo(`${ADDRESSES} td:eq(0)`),
            press("Enter"),
            { content: "The row can be edited", trigger: `${ROLE}:focus` },
            press("Control+a"),
            press("Delete"),
            { content: "The menu opens, and marks its first item", trigger: ".o_select_menu_item.focus" },
            press("Enter"),
            { content: "Nothing was chosen", trigger: `${ADDRESSES}:eq(0):contains(Accounting)` },
            press("Alt+s"),
            { content: "Saved", trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_keyboard_row", {
    steps: () =>
        countClicks(0, [
            { trigger: ".o_notebook .nav-link[name=sengerio_mail]" },
            tabTo(".o_notebook .nav-link[name=sengerio_mail]"),
            press("Enter"),
            { trigger: ".o_field_widget[name=sengerio_address_ids] .o_field_x2many_list_row_add a" },
            tabTo(".o_field_widget[name=sengerio_address_ids] .o_field_x2many_list_row_add a"),
            press("Enter"),
            { content: "A new row", trigger: ".o_field_widget[name=sengerio_address_ids] .o_selected_row [name=role] input" },
            ...choose("Accounting"),
            tabTo(".o_field_widget[name=sengerio_address_ids] .o_selected_row [name=email] input"),
            type("books@azure.example"),
            press("Alt+s"),
            { content: "Saved", trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        ]),
});
