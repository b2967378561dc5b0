import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";
import { press, pressUntil, tabTo, type, waitForFile } from "./keys";

const row = (customer) => `.modal .o_data_row:contains(${customer})`;
const tag = (customer, header, email) => `${row(customer)} [data-header=${header}] .o_sengerio_tag[data-email='${email}']`;
const NOTICE = ".modal:has([name=preview])";
const INVOICE = `${NOTICE} .o_field_widget[name=move_ids] .o_data_row`;

registry.category("web_tour.tours").add("sengerio_mail_due_notices_keyboard", {
    steps: () =>
        countClicks(0, [
            { content: "Invoices", trigger: ".o_data_row:contains(Azure Interior)" },
            pressUntil("ArrowDown", "thead .o_list_record_selector input"),
            press(" "),
            { content: "All are chosen", trigger: ".o_control_panel .o_cp_action_menus button:has(.fa-cog)" },
            pressUntil("Shift+Tab", ".o_control_panel .o_cp_action_menus button:has(.fa-cog)"),
            press("Enter"),
            pressUntil("ArrowDown", ".o-dropdown--menu .o_menu_item:contains(Send Due Notice)"),
            press("Enter"),
            { content: "Who gets what", trigger: tag("Azure Interior", "to", "boss@azure.example") },
            tabTo(".modal .o_data_row:eq(0) td:eq(0)"),
            pressUntil("ArrowDown", `${row("Azure Interior")} td:eq(0)`),
            pressUntil("ArrowUp", `${row("Mute")} td:eq(0)`),
            press("Enter"),
            { content: "The notice to one customer", trigger: `${NOTICE} .nav-link[name=invoices]` },
            tabTo(`${NOTICE} .nav-link[name=invoices]`),
            press("Enter"),
            { content: "Two invoices", trigger: `${INVOICE}:eq(1)` },
            tabTo(`${INVOICE}:eq(0) td:eq(0)`),
            pressUntil("ArrowDown", `${INVOICE}:eq(1) td:eq(0)`),
            pressUntil("ArrowRight", `${INVOICE}:eq(1) .o_list_record_remove`),
            press("Enter"),
            { content: "One of them is out", trigger: `${NOTICE}:not(:has(.o_field_widget[name=move_ids] .o_data_row:nth-child(2)))` },
            tabTo(`${NOTICE} .o_form_button_save`),
            press("Enter"),
            { trigger: `${row("Mute")} td[name=invoice_count]:contains(1)` },
            tabTo(`${row("Mute")} button:contains(Add an address)`),
            press("Enter"),
            { content: "The form is open at the addresses", trigger: ".modal .nav-link.active[name=sengerio_mail]" },
            tabTo(".modal .o_field_widget[name=email] input"),
            type("found@mute.example"),
            tabTo(".modal:has(.o_field_widget[name=email]) .o_form_button_save"),
            press("Enter"),
            { content: "is missed no more", trigger: tag("Mute", "to", "found@mute.example") },
            tabTo(".modal button[name=action_send]"),
            press("Enter"),
            { content: "They are sent", trigger: "body:not(:has(.modal))" },
        ]),
});

const cell = (type, header) => `table[name=sengerio_matrix] tr[data-type=${type}] td[data-header=${header}]`;

/** Tell what of an element can be seen within what scrolls around it. */
const isInSight = ({ top, bottom }, { top: first, bottom: last }) => top >= first && bottom <= last;

registry.category("web_tour.tours").add("sengerio_mail_matrix_keyboard", {
    steps: () =>
        countClicks(0, [
            { trigger: ".o_notebook .nav-link[name=sengerio_mail]" },
            tabTo(".o_notebook .nav-link[name=sengerio_mail]"),
            press("Enter"),
            { trigger: "button[name=action_sengerio_matrix]" },
            tabTo("button[name=action_sengerio_matrix]"),
            press("Enter"),
            { content: "Who gets what", trigger: `${cell("invoice", "to")}:contains(books@azure.example)` },
            press("End"),
            {
                content: "The last type can be read",
                trigger: ".modal-body:has(table[name=sengerio_matrix])",
                async run({ anchor }) {
                    const last = anchor.querySelector("table[name=sengerio_matrix] tr:last-child");
                    const until = Date.now() + 5000;
                    while (!isInSight(last.getBoundingClientRect(), anchor.getBoundingClientRect())) {
                        if (Date.now() > until) {
                            throw new Error("End did not lead to the last row.");
                        }
                        await new Promise(requestAnimationFrame);
                    }
                },
            },
            press("Escape"),
            { content: "Closed", trigger: "body:not(:has(.modal))" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_import_keyboard", {
    steps: () =>
        countClicks(0, [
            { trigger: ".modal .o_field_widget[name=file] .o_select_file_button" },
            tabTo(".modal .o_field_widget[name=file] .o_select_file_button"),
            press("Enter"),
            { content: "The file is there", trigger: ".modal .o_field_widget[name=file] input:value(addresses.csv)" },
            tabTo(".modal button[name=action_check]"),
            press("Enter"),
            { content: "What the import does", trigger: ".modal .o_field_widget[name=change_ids]:contains(books@azure.example)" },
            tabTo(".modal button[name=action_import]"),
            press("Enter"),
            { content: "It is done", trigger: "body:not(:has(.modal)) .o_notification:contains(1)" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_export_keyboard", {
    steps: () =>
        countClicks(0, [
            { trigger: ".o_control_panel button:contains(Export Register)" },
            press("Alt+e"), // Tab does not lead out of Odoo's search
            { trigger: ".modal button[name=action_export]" },
            tabTo(".modal .o_field_widget[name=with_sent] input"),
            press(" "),
            { trigger: ".modal .o_field_widget[name=with_sent] input:checked" },
            tabTo(".modal button[name=action_export]"),
            press("Enter"),
            waitForFile("xlsx"),
        ]),
});
