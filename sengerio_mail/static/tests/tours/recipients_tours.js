import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

const input = (header) => `.modal .o_sengerio_row[data-header=${header}] input`;
const tag = (header, email) => `.modal .o_sengerio_row[data-header=${header}] .o_sengerio_tag[data-email='${email}']`;
// in the batch wizard: the invoice of a customer, a header of it, an address there
const line = (part, customer = "Azure Interior") => `.modal .o_sengerio_lines tr:contains(${customer}) ${part}`;
const lineRow = (header, customer) => line(`.o_sengerio_line[data-header=${header}]`, customer);
const lineTag = (header, email, customer) => `${lineRow(header, customer)} .o_sengerio_tag[data-email='${email}']`;
const lineLeftOut = (email) => line(`.o_sengerio_left_out [data-email='${email}']`);

registry.category("web_tour.tours").add("sengerio_mail_quotation_with_copy", {
    steps: () =>
        countClicks(4, [
            { trigger: "button[name=action_quotation_send]:not(:disabled)", run: "click" },
            {
                content: "who gets it and why is there",
                trigger: `${tag("to", "azure@azure.example")}:contains(e-mail of)`,
            },
            { content: "what is mandatory has a lock", trigger: `${tag("cc", "audit@firm.example")} .fa-lock` },
            { content: "add a copy", trigger: input("cc"), run: "edit new@ext.example" },
            { trigger: `.modal .o-autocomplete--dropdown-item:contains(new@ext.example)` },
            { trigger: input("cc"), run: "press Enter" },
            { trigger: tag("cc", "new@ext.example") },
            { trigger: ".modal .o_mail_send:not(:disabled)", run: "click" },
            { trigger: "body:not(:has(.modal))" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_composer_changes", {
    steps: () => [
        { trigger: "button[name=action_quotation_send]:not(:disabled)", run: "click" },
        { content: "Take one of the addresses out", trigger: `${tag("to", "azure@azure.example")} .o_delete`, run: "click" },
        { trigger: ".modal .o_sengerio_left_out:contains(azure@azure.example)" },
        { content: "Put it back", trigger: ".modal .o_sengerio_left_out button", run: "click" },
        { content: "Move another to Cc", trigger: `${tag("to", "buying@azure.example")} .o_sengerio_open`, run: "click" },
        { trigger: ".o-dropdown--menu .dropdown-item:contains(Move to Cc)", run: "click" },
        { trigger: tag("cc", "buying@azure.example") },
        { content: "No blind copy", trigger: `${tag("bcc", "marc@firm.example")} .o_delete`, run: "click" },
        { trigger: ".modal .o_sengerio_copy_me" },
        { content: "A wrong address is marked", trigger: input("bcc"), run: "edit anna@firm" },
        { trigger: ".modal .o_sengerio_row[data-header=bcc].o_field_invalid" },
        { trigger: ".modal .o_sengerio_hint:contains(anna@firm)" },
        { trigger: input("bcc"), run: "edit anna@firm.example" },
        { trigger: "body:not(:has(.modal .o_sengerio_hint))" },
        { trigger: input("bcc"), run: "press Enter" },
        { trigger: tag("bcc", "anna@firm.example") },
        { content: "A contact by name, with its address", trigger: input("to"), run: "edit John" },
        { trigger: ".modal .o-autocomplete--dropdown-item:contains(John Doe):eq(0)", run: "click" },
        { trigger: tag("to", "john@azure.example") },
        {
            content: "Several pasted at once",
            trigger: input("cc"),
            run: ({ anchor }) => {
                const data = new DataTransfer();
                data.setData("text/plain", "one@ext.example; \"Two, Guy\" <two@ext.example>\nthree@ext.example");
                anchor.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
            },
        },
        { trigger: tag("cc", "one@ext.example") },
        { trigger: tag("cc", "two@ext.example") },
        { content: "Backspace takes the last one off", trigger: tag("cc", "three@ext.example") },
        { trigger: input("cc"), run: "click" },
        { trigger: input("cc"), run: "press Backspace" },
        { trigger: `.modal .o_sengerio_row[data-header=cc]:not(:has([data-email='three@ext.example']))` },
        { content: "Replies to me alone", trigger: ".modal .o_sengerio_header[data-header=reply_to] button", run: "click" },
        { trigger: ".o-dropdown--menu .dropdown-item:contains(The sender)", run: "click" },
        { trigger: ".modal .o_sengerio_header[data-header=reply_to]:contains(The sender)" },
        { trigger: ".modal .o_mail_send:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_missing_address", {
    steps: () => [
        { trigger: "button[name=action_quotation_send]:not(:disabled)", run: "click" },
        { trigger: ".modal .o_sengerio_tag[data-kind=missing]" },
        { trigger: ".modal .o_mail_send:disabled" },
        { trigger: ".modal .o_sengerio_warnings button:contains(Add an address)", run: "click" },
        { content: "The form is open at the addresses", trigger: ".modal .nav-link.active[name=sengerio_mail]" },
        { trigger: ".modal .o_field_widget[name=email] input:eq(0)", run: "edit found@azure.example" },
        { trigger: ".modal:has(.o_field_widget[name=email]) .o_form_button_save", run: "click" },
        { trigger: tag("to", "found@azure.example") },
        { trigger: ".modal .o_mail_send:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_invoice_with_copy", {
    steps: () =>
        countClicks(4, [
            { trigger: "button[name=action_invoice_sent]:not(:disabled)", run: "click" },
            { trigger: `${tag("to", "books@azure.example")}:contains(accounting address)` },
            { trigger: input("cc"), run: "edit new@ext.example" },
            { trigger: `.modal .o-autocomplete--dropdown-item:contains(new@ext.example)` },
            { trigger: input("cc"), run: "press Enter" },
            { trigger: tag("cc", "new@ext.example") },
            { trigger: ".modal button[name=action_send_and_print]:not(:disabled)", run: "click" },
            { trigger: "body:not(:has(.modal))" },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_batch_with_copy", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name=action_send_and_print]", run: "click" },
        { trigger: ".modal .o_sengerio_lines tr:contains(Azure Interior):contains(books@azure.example)" },
        {
            content: "as what it leaves, and where replies go",
            trigger: ".modal .o_sengerio_lines tr:contains(Azure Interior):contains(From Anna Senior <anna@firm.example>):contains(Reply-To anna@firm.example, catchall@firm.example)",
        },
        { trigger: ".modal .o_sengerio_lines tr:contains(Mute):contains(nobody)" },
        { trigger: input("cc"), run: "edit new@ext.example" },
        { trigger: `.modal .o-autocomplete--dropdown-item:contains(new@ext.example)` },
        { trigger: input("cc"), run: "press Enter" },
        { trigger: ".modal .o_sengerio_lines tr:contains(Azure Interior):contains(new@ext.example)" },
        { trigger: ".modal .o_sengerio_batch .o-checkbox input", run: "click" },
        { trigger: ".modal .o_sengerio_lines:not(:contains(clerk@firm.example))" },
        { content: "What is mandatory has a lock and no ×", trigger: `${lineTag("cc", "audit@firm.example")}:has(.fa-lock):not(:has(button))` },
        { content: "Leave two out of this invoice", trigger: `${lineTag("to", "pay@azure.example")} .o_delete`, run: "click" },
        { trigger: `${lineLeftOut("pay@azure.example")} s` },
        { trigger: `${lineTag("cc", "buying@azure.example")} .o_delete`, run: "click" },
        {
            content: "the keyboard is where the mistake can be undone",
            trigger: `${lineLeftOut("buying@azure.example")} button:focus`,
            run: "press Enter",
        },
        { content: "One is back", trigger: `${lineTag("cc", "buying@azure.example")} button:focus` },
        { trigger: lineLeftOut("pay@azure.example") },
        { trigger: ".modal button[name=action_send_and_print]:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_batch_changes", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name=action_send_and_print]", run: "click" },
        { content: "Move a copy to Bcc", trigger: `${lineTag("cc", "marc@firm.example")} .o_sengerio_open`, run: "click" },
        { trigger: ".o-dropdown--menu .dropdown-item:contains(Move to Bcc)", run: "click" },
        { content: "the keyboard goes with it", trigger: `${lineTag("bcc", "marc@firm.example")} button:focus` },
        { content: "but not at the other invoice", trigger: lineTag("cc", "marc@firm.example", "Ready Mat") },
        { content: "No input until one asks for it", trigger: `${lineRow("cc")}:not(:has(input)) .o_sengerio_add`, run: "click" },
        { trigger: `${lineRow("cc")} input:focus`, run: "edit new@ext.example" },
        { trigger: ".modal .o-autocomplete--dropdown-item:contains(new@ext.example)" },
        { trigger: `${lineRow("cc")} input`, run: "press Enter" },
        { trigger: lineTag("cc", "new@ext.example") },
        { content: "Refused as in the composer", trigger: `${lineRow("bcc")} .o_sengerio_add`, run: "click" },
        { trigger: `${lineRow("bcc")} input:focus`, run: "edit spy@ext.example" },
        { trigger: `${lineRow("bcc")} input`, run: "press Enter" },
        { trigger: `${lineTag("bcc", "spy@ext.example")}[data-kind=error] .o_delete`, run: "click" },
        { trigger: `${lineRow("bcc")}:not(:has([data-email='spy@ext.example']))` },
        { content: "One of a customer without address", trigger: ".modal .alert:contains(No e-mail address: Mute)" },
        { trigger: `${lineRow("to", "Mute")} .o_sengerio_add`, run: "click" },
        { trigger: `${lineRow("to", "Mute")} input:focus`, run: "edit found@mute.example" },
        { trigger: `${lineRow("to", "Mute")} input`, run: "press Enter" },
        { trigger: lineTag("to", "found@mute.example", "Mute") },
        { content: "is missed no more", trigger: ".modal:not(:has(.alert:contains(No e-mail address)))" },
        { trigger: ".modal button[name=action_send_and_print]:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

// the same by the number of the line, where all are of one customer
const row = (number, part) => `.modal .o_sengerio_lines tbody tr:nth-child(${number}) ${part}`;
const rowTo = (number, part = "") => row(number, `.o_sengerio_line[data-header=to] ${part}`).trim();
const choose = (header, text) => [
    { trigger: `.modal .o_sengerio_header[data-header=${header}] button`, run: "click" },
    { trigger: `.o-dropdown--menu .dropdown-item:contains(${text})`, run: "click" },
    { trigger: `.modal .o_sengerio_header[data-header=${header}] button:contains(${text})` },
];
const addContact = (number, name) => [
    { trigger: rowTo(number, ".o_sengerio_add"), run: "click" },
    { trigger: rowTo(number, "input:focus"), run: `edit ${name}` },
    { trigger: `.modal .o-autocomplete--dropdown-item:contains(${name}):eq(0)`, run: "click" },
];

registry.category("web_tour.tours").add("sengerio_mail_batch_more", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel button[name=action_send_and_print]", run: "click" },
        { content: "Twenty are shown, and how many are not", trigger: ".modal .o_sengerio_hidden [role=status]:contains(1 more)" },
        { trigger: ".modal .o_sengerio_lines:has(tbody tr:nth-child(20)):not(:has(tbody tr:nth-child(21)))" },
        ...addContact(1, "John Doe"),
        {
            content: "gets it at its accounting address, with the reason",
            trigger: `${rowTo(1)} .o_sengerio_tag[data-email='john.books@azure.example']:contains(accounting address of John Doe)`,
        },
        {
            content: "Show the last one, by the keyboard",
            trigger: ".modal .o_sengerio_more",
            async run({ anchor, press }) {
                anchor.focus();
                await press("Enter");
            },
        },
        { content: "one goes on there", trigger: row(21, "button:focus") },
        { content: "none is hidden", trigger: ".modal:not(:has(.o_sengerio_more))" },
        { content: "What was changed stays", trigger: `${rowTo(1)} .o_sengerio_tag[data-email='john.books@azure.example']` },
        ...addContact(21, "Nora Nomail"),
        { content: "A contact without address is marked", trigger: `${rowTo(21)} .o_sengerio_tag[data-kind=missing]` },
        { content: "with a link to where to add one", trigger: row(21, "button:contains(Add an address)"), run: "click" },
        { trigger: ".modal .nav-link.active[name=sengerio_mail]" },
        { trigger: ".modal .o_field_widget[name=email] input:eq(0)", run: "edit nora@ext.example" },
        { trigger: ".modal:has(.o_field_widget[name=email]) .o_form_button_save", run: "click" },
        { trigger: `${rowTo(21)} .o_sengerio_tag[data-email='nora@ext.example'] .o_delete`, run: "click" },
        { content: "The contact is off again", trigger: `${rowTo(21)}:not(:has([data-email='nora@ext.example']))` },
        { trigger: `.modal .o_sengerio_lines:not(:has(.o_sengerio_left_out))` },
        ...choose("from", "info@firm.example"),
        { trigger: row(1, "td:contains(From Firm <info@firm.example>)") },
        { trigger: row(21, "td:contains(From Firm <info@firm.example>)") },
        { trigger: ".modal button[name=action_send_and_print]:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

const summary = (customer, part) => `.modal .o_sengerio_summary tr:contains(${customer}) ${part}`;

registry.category("web_tour.tours").add("sengerio_mail_quotations_more", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_cp_action_menus .dropdown-toggle:contains(Actions)", run: "click" },
        { trigger: ".o-dropdown--menu .dropdown-item:contains(Send an email)", run: "click" },
        { content: "Twenty are shown, and how many are not", trigger: ".modal .o_sengerio_hidden [role=status]:contains(2 more)" },
        { trigger: ".modal .o_sengerio_lines:has(tbody tr:nth-child(20)):not(:has(tbody tr:nth-child(21)))" },
        { trigger: ".modal .o_sengerio_more", run: "click" },
        { content: "The others are added to them", trigger: ".modal .o_sengerio_lines tbody tr:nth-child(22):contains(Last Customer)" },
        { trigger: ".modal .o_sengerio_lines tbody tr:nth-child(1):contains(First Customer)" },
        { content: "none is hidden", trigger: ".modal:not(:has(.o_sengerio_more))" },
        { trigger: ".modal .btn-close", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});

registry.category("web_tour.tours").add("sengerio_mail_many_quotations", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_cp_action_menus .dropdown-toggle:contains(Actions)", run: "click" },
        { trigger: ".o-dropdown--menu .dropdown-item:contains(Send an email)", run: "click" },
        { content: "Who gets what is told at once", trigger: summary("Azure Interior", ".o_sengerio_tag[data-email='buying@azure.example']") },
        { content: "Odoo sends the same text once", trigger: summary("Azure Interior", "td:contains(the same message)") },
        { trigger: ".modal .o_field_widget[name=subject] input", run: "edit {{ object.name }} && press Tab" },
        { content: "and this is not the same any more", trigger: ".modal .o_sengerio_summary:not(:contains(the same message))" },
        { content: "as it will be by the template chosen", trigger: ".modal .mail-composer-template-dropdown-btn", run: "click" },
        { trigger: ".mail-composer-template-list .dropdown-item:contains(Send Quotation)", run: "click" },
        { trigger: ".modal .o_field_widget[name=subject] input:value(object.name)" },
        { trigger: summary("Azure Interior", "td:contains(Marc Junior <marc@firm.example>)") },
        { trigger: ".modal .o_sengerio_summary:not(:has(.o_delete, .o_sengerio_add))" },
        { trigger: summary("Silent", "td:contains(nobody) button:contains(Add an address)"), run: "click" },
        { trigger: ".modal .nav-link.active[name=sengerio_mail]" },
        { trigger: ".modal .o_field_widget[name=email] input:eq(0)", run: "edit found@silent.example" },
        { trigger: ".modal:has(.o_field_widget[name=email]) .o_form_button_save", run: "click" },
        { trigger: summary("Silent", ".o_sengerio_tag[data-email='found@silent.example']") },
        { trigger: ".modal .o_mail_send:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});
