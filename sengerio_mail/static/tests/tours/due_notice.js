import { registry } from "@web/core/registry";

const row = (customer) => `.modal .o_data_row:contains(${customer})`;
const tag = (customer, header, email) => `${row(customer)} [data-header=${header}] .o_sengerio_tag[data-email='${email}']`;

registry.category("web_tour.tours").add("sengerio_mail_due_notices", {
    steps: () => [
        { trigger: "thead .o_list_record_selector input", run: "click" },
        { trigger: ".o_control_panel .o_cp_action_menus button:has(.fa-cog)", run: "click" },
        { trigger: ".o-dropdown--menu .o_menu_item:contains(Send Due Notice)", run: "click" },
        { trigger: `${tag("Azure Interior", "to", "boss@azure.example")}:contains(management address)` },
        { trigger: tag("Azure Interior", "bcc", "archive@firm.example") },
        { content: "Nothing can be changed here", trigger: `${row("Azure Interior")}:not(:has(.o_sengerio_add, .o_delete))` },
        { content: "One of two invoices is taken out", trigger: `${row("Mute")} td[name=amounts]`, run: "click" },
        { trigger: ".modal .nav-link[name=invoices]", run: "click" },
        { trigger: ".modal .o_field_widget[name=move_ids] .o_data_row:eq(1) .o_list_record_remove button", run: "click" },
        { trigger: ".modal:has([name=preview]) .o_form_button_save", run: "click" },
        { trigger: `${row("Mute")} td[name=invoice_count]:contains(1)` },
        { trigger: `${row("Mute")} button:contains(Add an address)`, run: "click" },
        { content: "The form is open at the addresses", trigger: ".modal .nav-link.active[name=sengerio_mail]" },
        { trigger: ".modal .o_field_widget[name=email] input:eq(0)", run: "edit found@mute.example" },
        { trigger: ".modal:has(.o_field_widget[name=email]) .o_form_button_save", run: "click" },
        { trigger: tag("Mute", "to", "found@mute.example") },
        { content: "is missed no more", trigger: `${row("Mute")}:not(:contains(No e-mail address))` },
        { content: "and the invoice is still out", trigger: `${row("Mute")} td[name=invoice_count]:contains(1)` },
        { content: "The line has it, too", trigger: `${row("Azure Interior")} td[name=amounts]`, run: "click" },
        { trigger: ".modal:has([name=preview]) .o_sengerio_tag[data-email='boss@azure.example']" },
        { trigger: ".modal:has([name=preview]) .btn-close", run: "click" },
        { trigger: ".modal button[name=action_send]:not(:disabled)", run: "click" },
        { trigger: "body:not(:has(.modal))" },
    ],
});
