import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

registry.category("web_tour.tours").add("sengerio_mail_resend", {
    steps: () =>
        countClicks(4, [
            {
                content: "a document came back: correct and send again, from the list",
                trigger: ".o_data_row:contains('azure@azure.example') button[name='action_resend']",
                run: "click",
            },
            {
                content: "the wizard says what happened, and where the address came from",
                trigger: ".modal .o_data_row:contains('does not exist'):contains('e-mail of Azure Interior')",
            },
            {
                content: "correct the address",
                trigger: ".modal .o_data_row td[name='email']",
                run: "click",
            },
            {
                trigger: ".modal .o_data_row [name='email'] input",
                run: "edit new@azure.example",
            },
            {
                content: "send",
                trigger: ".modal button[name='action_send']",
                run: "click",
            },
            {
                content: "it is said to whom it was sent",
                trigger: ".o_notification:contains('Sent again to new@azure.example')",
            },
            {
                content: "the list has the new document, and no button for the old one",
                trigger:
                    "body:not(:has(.modal)) .o_list_view:not(:has(.o_data_row button[name='action_resend'])) .o_data_row:contains('new@azure.example')",
            },
        ]),
});
