import { DocumentState } from "./state";

import { Message } from "@mail/core/common/message";

// what became of the document that a message was, beside its date
Object.assign(Message.components, { DocumentState });
