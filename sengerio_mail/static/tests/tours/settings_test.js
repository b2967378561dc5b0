import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

const ROW = ".o_field_widget[name='check_ids'] .o_data_row";

registry.category("web_tour.tours").add("sengerio_mail_settings", {
    steps: () =>
        countClicks(6, [
            {
                content: "the check says what is missing",
                trigger: ".o_field_widget[name='line_ids'] .o_data_row:contains('Missing'):contains('Gateway')",
            },
            {
                content: "it asks the mail server only when told to",
                trigger: ".o_field_widget[name='line_ids'] .o_data_row:contains('Not known yet')",
            },
            {
                content: "ask the mail servers",
                trigger: "button[name='action_ask_servers']",
                run: "click",
            },
            {
                content: "the server answers, without DSN",
                trigger: ".o_field_widget[name='line_ids'] .o_data_row:contains('announces no DSN')",
            },
            {
                content: "switch off the blind copy of quotations",
                trigger: ".o_field_widget[name='type_ids'] .o_data_row:contains('Quotation') [name='bcc_sender'] input",
                run: "click",
            },
            {
                content: "send a test, which saves the page first",
                trigger: "button[name='action_send_test']",
                run: "click",
            },
            {
                content: "the mail server took the message to oneself",
                trigger: `${ROW}:contains('To you'):contains('Taken by the mail server'):contains('250 OK')`,
            },
            {
                content: "the one to the bounce address is on its way",
                trigger: `${ROW}:contains('bounce@firm.example'):contains('On the way')`,
            },
        ]),
});

registry.category("web_tour.tours").add("sengerio_mail_settings_back", {
    steps: () => [
        {
            content: "the message to the bounce address came back, and how long it took",
            trigger: `${ROW}:contains('bounce@firm.example'):contains('Came back after')`,
        },
        {
            content: "the other is still on its way",
            trigger: `${ROW}:contains('catchall@firm.example'):contains('On the way')`,
        },
    ],
});
