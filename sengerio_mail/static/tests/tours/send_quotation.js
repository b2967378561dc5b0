import { registry } from "@web/core/registry";
import { countClicks } from "./count_clicks";

registry.category("web_tour.tours").add("sengerio_mail_send_quotation", {
    steps: () =>
        countClicks(3, [
            {
                content: "press the quotation's Send",
                trigger: "button[name='action_quotation_send']",
                run: "click",
            },
            {
                content: "the composer says who will get the document",
                trigger: ".modal .o_sengerio_tag[data-email='azure@azure.example']",
            },
            {
                content: "press the composer's Send",
                trigger: ".modal .o_mail_send",
                run: "click",
            },
            {
                content: "the button shows one document; open its list",
                trigger: "body:not(:has(.modal)) button[name='action_sengerio_documents']:contains('1')",
                run: "click",
            },
            {
                content: "the document is listed, with what became of it",
                trigger: ".o_data_row:contains('S0'):contains('azure@azure.example'):contains('Sent')",
            },
        ]),
});
