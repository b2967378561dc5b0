import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";
import { isFocused, press, pressUntil, tabTo, type } from "./keys";

const row = (header) => `.modal .o_sengerio_row[data-header=${header}]`;
const tag = (header, email) => `${row(header)} .o_sengerio_tag[data-email='${email}']`;

registry.category("web_tour.tours").add("sengerio_mail_keyboard", {
    steps: () =>
        countClicks(0, [
            { trigger: "button[name=action_quotation_send]:not(:disabled)" },
            press("Alt+g"),
            { content: "The composer is there", trigger: tag("to", "azure@azure.example") },
            tabTo(`${row("cc")} input`),
            type("new@ext.example"),
            { trigger: ".modal .o-autocomplete--dropdown-item:contains(new@ext.example)" },
            press("Enter"),
            { content: "One is added", trigger: tag("cc", "new@ext.example") },
            type("wrong@ext.example,"),
            { content: "A comma takes what is typed", trigger: tag("cc", "wrong@ext.example") },
            press("ArrowLeft"),
            { content: "The last one has the focus", trigger: `${tag("cc", "wrong@ext.example")}:focus-within` },
            press("Delete"),
            { content: "It is off again", trigger: `${row("cc")}:not(:has([data-email='wrong@ext.example']))` },
            pressUntil("Shift+Tab", `${tag("to", "buying@azure.example")} .o_sengerio_open`),
            press("Enter"),
            { content: "What can be done with it", trigger: ".o-dropdown--menu .dropdown-item:contains(Move to Cc)" },
            press("ArrowDown"),
            { trigger: ".o-dropdown--menu .dropdown-item.focus:contains(Move to Cc)" },
            press("Enter"),
            { content: "It is moved", trigger: tag("cc", "buying@azure.example") },
            { trigger: ".modal .o_mail_send:not(:disabled)" },
            press("Alt+q"), // Odoo's for Send: in the text, Tab writes a tab
            { content: "It is sent", trigger: "body:not(:has(.modal))" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_invoice_keyboard", {
    steps: () => [
        { trigger: "button[name=action_invoice_sent]:not(:disabled)" },
        ...countClicks(0, [
            tabTo("button[name=action_invoice_sent]"),
            press("Enter"),
            { content: "The wizard is there", trigger: tag("to", "books@azure.example") },
            tabTo(`${row("cc")} input`),
            type("desk@ready"),
            { content: "A role address of another contact", trigger: ".modal .o-autocomplete--dropdown-item:contains(desk@ready.example)" },
            press("Enter"),
            { content: "It is added", trigger: tag("cc", "desk@ready.example") },
            { trigger: ".modal button[name=action_send_and_print]:not(:disabled)" },
            press("Alt+q"), // Odoo's for Send
            { content: "It is sent", trigger: "body:not(:has(.modal))" },
        ]),
    ],
});

const invoice = (header, part) => `.modal .o_sengerio_lines tr:contains(Azure Interior) .o_sengerio_line[data-header=${header}] ${part}`;

registry.category("web_tour.tours").add("sengerio_mail_batch_keyboard", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name=action_send_and_print]", run: "click" },
        { trigger: ".modal .o_sengerio_lines" },
        ...countClicks(0, [
            tabTo(invoice("cc", ".o_sengerio_open")),
            press("Enter"),
            { trigger: ".o-dropdown--menu .dropdown-item:contains(Move to Bcc)" },
            press("ArrowDown"),
            press("ArrowDown"),
            { trigger: ".o-dropdown--menu .dropdown-item.focus:contains(Move to Bcc)" },
            press("Enter"),
            isFocused(invoice("bcc", "[data-email='marc@firm.example'] button"), "It is moved"),
            tabTo(invoice("to", ".o_sengerio_add")),
            press("Enter"),
            { trigger: invoice("to", "input:focus") },
            press("Escape"),
            isFocused(invoice("to", ".o_sengerio_add"), "The input closes, not the dialog"),
            press("Enter"),
            { trigger: invoice("to", "input:focus") },
            type("new@ext.example,"),
            { content: "One is added", trigger: invoice("to", ".o_sengerio_tag[data-email='new@ext.example']") },
            press("Escape"),
            tabTo(invoice("to", "[data-email='new@ext.example'] .o_sengerio_open")),
            press("Delete"),
            isFocused(invoice("to", ".o_sengerio_add"), "One may go on there"),
            { content: "It is off again", trigger: `${invoice("to", "").trim()}:not(:has([data-email='new@ext.example']))` },
            tabTo(".modal button[name=action_send_and_print]"),
            press("Enter"),
            { content: "They are sent", trigger: "body:not(:has(.modal))" },
        ]),
    ],
});
