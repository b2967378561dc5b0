import { registry } from "@web/core/registry";

const BUTTON = "button[name=action_sengerio_documents]";
const STATE = ".o_sengerio_state[data-state=hard_bounce]:contains(Bad address)";

registry.category("web_tour.tours").add("sengerio_mail_chips", {
    steps: () => [
        { content: "On the record: what became of its last document", trigger: `${BUTTON} ${STATE}` },
        {
            content: "In the chatter: what became of this message; it leads to the document,",
            trigger: `.o-mail-Message a.o_sengerio_message_state ${STATE}`,
            run: "click",
        },
        {
            content: "which says who did not get it, and why",
            trigger: `.o_form_view [name=delivery_ids] .o_data_row:has(${STATE}):contains(does not exist)`,
        },
        { content: "Back to the record", trigger: "button[name=action_open_record]", run: "click" },
        { content: "Its button leads to the list", trigger: `${BUTTON} ${STATE}`, run: "click" },
        { trigger: `.o_list_view .o_data_row:has(${STATE})` },
    ],
});
