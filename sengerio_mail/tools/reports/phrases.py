"""Servers' words: what says that delivery failed, is late, or that a person or a robot writes. Lower case, no accents.

Texts are compared after :func:`plain`, so that one spelling stands for all. Japanese and Chinese stay as they are.
"""

import re
import unicodedata

# not the voicing marks of Japanese, which make other letters
_ACCENTS = re.compile("[\u0300-\u036f]")


def plain(text):
    """Return a text in lower case, without accents, its spaces single, apostrophes straight."""
    text = text.replace("\u2019", "'").replace("\xa0", " ")
    if not text.isascii():
        text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
        text = unicodedata.normalize("NFC", text)
    return " ".join(text.lower().split())


def _any(*patterns):
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_NOT = r"(?:not|n't|never)"

FAILURE = _any(
    # English
    r"(?:can|could|was|were|is|has|have|had|did|does|do)(?: ?not|n't|not)(?: yet)?(?: be| been| being)?"
    r" (?:deliver|reach|sent|process|transmit|relay|receive|accepted for delivery)",
    r"(?:has|was|were) not deliver",
    r"(?:un|not |was ?n't |were ?n't )able to deliver",
    r"not (?:been )?delivered",
    r"message not delivered",
    r"del[ie]ver[ey]+ (?:to|of) [^.]{0,150} (?:has )?(?:failed|aborted)",
    r"(?:delivery|message|mail|transmission|e-mail|email) (?:delivery )?(?:has )?(?:failed|failure|aborted)",
    r"failed (?:permanently|recipient|address|mail)",
    r"(?:address|addresses|address\(es\)|recipient|recipients|recipient\(s\)|message|mail) (?:has |have )?failed",
    r"failed addresses",
    r"permanent (?:fatal )?(?:delivery )?(?:error|failure)",
    r"(?:fatal|delivery) (?:delivery )?(?:errors?|problems?)",
    r"undeliver",
    r"returned (?:mail|message|to sender|to you|permanent)",
    r"mail has been returned",
    r"non-?delivered",
    r"did not receive (?:a copy|this|your)",
    r"trouble delivering",
    r"error (?:has )?(?:occurred )?(?:while |in |during )?(?:sending|delivering|attempting to deliver"
    r"|trying to deliver)",
    r"(?:failure|failed) (?:notice|reason|delivery)",
    r"failed because",
    r"rejected by",
    r"(?:was|were|been|automatically) rejected",
    r"refused (?:by|to accept)",
    r"incorrectly constructed",
    r"unknown user|user unknown|no such user|user not known|unknown recipient|recipient (?:unknown|not found)",
    r"invalid (?:final delivery userid|recipient|address|mailbox)",
    r"mailbox (?:is )?(?:full|unavailable|not found)|over ?quota|quota (?:exceeded|violation)|full mailbox",
    r"error-for:|exceeded maximum delivery attempts|encountered an error while",
    r"not a valid user|does ?n'?o?t have a|did not exactly match|doesn't have a|host unknown|unknown host",
    r"did not like our|delivery failed \d|giving up|given up|has failed due",
    r"may not exist, or you may not have permission|an error was detected while processing",
    # German
    r"(?:nicht|nie) (?:zugestellt|ubermittelt|ausgeliefert|zustellbar)|unzustellbar"
    r"|zustellung [^.]{0,80}fehlgeschlagen",
    r"konnte [^.]{0,120}nicht [^.]{0,60}(?:zugestellt|ubermittelt|erreicht|gesendet)",
    # French
    r"n'a (?:pas )?(?:pu|ete|pas)[^.]{0,40}(?:delivre|remis|distribue|achemine|envoye)|non(?:-| )(?:remis|distribu"
    r"|delivr)",
    r"(?:echec|impossible) [^.]{0,30}(?:remise|remettre|distribu|envoi|livr)",
    # Spanish, Portuguese, Italian
    r"no (?:se )?(?:pudo|ha podido|ha sido posible|se puede|puede|fue posible)[^.]{0,40}(?:entreg|enviar|enviad)",
    r"(?:nao|no) (?:pode|foi possivel|foi)[^.]{0,40}(?:entreg|enviad|enviar)|error en la entrega|falha na entrega",
    r"(?:non (?:e stato possibile|puo|e possibile|e stato)|impossibile)[^.]{0,40}(?:consegn|recapit)"
    r"|mancat[ao] (?:recapito|consegna)",
    # Dutch, Polish, Czech, Scandinavian
    r"(?:niet|kon niet|kan niet)[^.]{0,40}(?:afgeleverd|bezorgd|geleverd|afleveren|bezorgen)|onbestelbaar",
    r"nie (?:mog|moz|zosta|dostarcz|uda)[^.]{0,60}dostarcz|niedostarcz|nie dostarczono",
    r"(?:nelze|nebylo mozne|nebyla|nepodarilo)[^.]{0,40}doruc|nedorucit",
    r"(?:kunne ikke|kunde inte|kan inte|kan ikke)[^.]{0,40}(?:lever|skick|send)|kan ej leverer|olevererbar"
    r"|toimitus epaonnistui",
    # Russian, Ukrainian
    r"не (?:доставл|может быть доставл|удалось доставить|было доставл|можливо доставити|доставлен)"
    r"|невозможно доставить",
    r"недоставлен|недоставля",
    # Japanese, Chinese, Korean
    r"(?:送信|配信|配送|お届け|配達)(?:が|は|を)?(?:でき|出来)ません|送信できません|エラーのため送信|不達|エラー",
    r"(?:无法|無法|不能)(?:发送|送达|投递|傳送|送達|寄送)|投递失败|发送失败|退信|傳遞失敗",
    r"(?:전송|배달)(?:할 수 없|되지 않|에 실패|실패)",
)

DELAY = _any(
    r"(?:has|have|is|was|been) (?:been )?(?:delayed|postponed|deferred)",
    r"(?:message|mail|delivery|delivered)[^.]{0,20} (?:is )?delayed",
    r"delayed [0-9]+ (?:hour|day|minute)",
    r"not yet (?:been )?deliver",
    r"will (?:be retried|retry|continue to|keep trying|try again)",
    r"attempts? (?:to deliver (?:the|your) message )?will (?:continue|be made|be continued)"
    r"|will continue to (?:be made|attempt|try)",
    r"(?:this is )?(?:a )?warning message only|just a warning|only a temporary failure|status notification \(delay\)",
    r"(?:do|does) not need to re-?send|still trying|we('ll| will) keep trying|keep trying to deliver",
    r"verzogert|noch nicht zugestellt|wird weiter versucht|weitere zustellversuche",
    r"(?:remise|distribution|livraison|message) [^.]{0,40}retarde|pas encore ete (?:remis|distribue|delivre)",
    r"(?:retrasad|demorad|aplazad|todavia no se ha entregado|aun no se ha)",
    r"(?:in ritardo|ritardat|non e ancora stato|non ancora consegnat)|ainda nao foi entregue|atrasad",
    r"vertraagd|nog niet (?:afgeleverd|bezorgd)|opoznion|zpozden|forsinket|forsenad",
    r"доставка [^.]{0,40}(?:задерж|отложен)|еще не доставлен|задержк",
    r"遅延|遅れて|配信が遅|まだ配信され|延迟|延遲|尚未送达",
)

FINAL = _any(
    r"giv(?:en|ing) up",
    r"failed permanently|permanent (?:fatal )?(?:error|failure)",
    r"not going to try again|has expired|no further (?:delivery )?attempts|could not be delivered for more than",
    r"envelope expired|giving up on|retry timeout exceeded|undelivered mail returned to sender",
)

_MESSAGE = r"(?:message|mail|e-?mail|copy|one)"
_SENT_DE = r"(?:zugestellt|weitergeleitet|ubermittelt|ubertragen|ausgeliefert|gesendet|versandt|verschickt)"
_SENT_FR = r"(?:remis|distribue|delivre|transmis|transfere|envoye|achemine|relaye)e?s?"
_SENT_ES = r"(?:entreg|(?:re)?envi|reexpedi|transmit|transferi)[ao]d?[ao]?s?"
_SENT_IT = r"(?:consegnat|recapitat|inoltrat|inviat|trasmess|trasferit)[oaie]"
_SENT_NL = r"(?:afgeleverd|bezorgd|geleverd|doorgestuurd|verzonden|verstuurd|overgedragen)"
_SENT_PT = r"(?:entregues?|(?:enviad|encaminhad|reencaminhad|transmitid|transferid)[oa]s?)"

# that some did get the message: in a sentence of its own, or as a heading of those who did
DELIVERED = _any(
    r"(?<!that )(?<!which )\b(?:was|were|been|is|are)"
    r"(?: also| already| successfully| only| indeed){0,3}"
    r" (?:delivered|relayed|transferred|transmitted|passed on|handed (?:over|off))",
    rf"{_MESSAGE} (?:was|were|has been|have been)(?: also| already| successfully){{0,3}} (?:forwarded|redirected)",
    r"\b(?:also|already|successfully) (?:been )?(?:delivered|relayed|transferred|transmitted|forwarded|sent)\b",
    r"\b(?:delivered|relayed|transferred|transmitted|sent) successfully",
    r"^(?:delivered|relayed|transferred|transmitted|forwarded)(?: to)?(?: the)?(?: other| following| these){0,2}"
    r"(?: recipients?| address(?:es)?)? ?:?$",
    r"(?<!un)successful(?:ly)? (?:deliver|relay|transfer|transmi|sent|recipient)",
    r"\bdeliver(?:y|ies) (?:to|for|of) [^.]{0,150}(?:succeeded|(?<!un)successful|complete)",
    rf"(?:has|have) (?:already )?(?:received|got|gotten) (?:the|your|this|a copy of the) (?:{_MESSAGE})",
    # German, Dutch: the verb comes last
    rf"\b(?:wurden?|ist|sind)(?: [^ .]{{1,30}}){{0,8}} {_SENT_DE}",
    rf"^(?:(?:erfolgreich|auch|ebenfalls|bereits) ){{0,2}}{_SENT_DE}(?: an| bei)? ?:?$",
    rf"\b(?:is|zijn|werd|werden)(?: [^ .]{{1,30}}){{0,8}} {_SENT_NL}",
    rf"^(?:(?:ook|reeds|wel) ){{0,2}}{_SENT_NL}(?: aan| bij| naar)? ?:?$",
    # French, Spanish, Italian, Portuguese
    rf"\b(?:a|ont)(?: (?:bien|egalement|aussi|deja)){{0,2}} ete(?: (?:bien|egalement|aussi|deja)){{0,2}} {_SENT_FR}",
    rf"^(?:(?:bien|egalement|aussi) ){{0,2}}{_SENT_FR}(?: aux?| a)? ?:?$",
    rf"\b(?:se han?|han? sido|fue|fueron|se)(?: (?:tambien|ya)){{0,2}} (?:{_SENT_ES}|(?:entreg|envi)(?:o|aron))\b",
    rf"^{_SENT_ES}(?: tambien)?(?: a)? ?:?$",
    rf"\b(?:e|sono) stat[oaie](?: (?:anche|gia|correttamente)){{0,2}} {_SENT_IT}",
    rf"^{_SENT_IT}(?: anche)?(?: ai?)? ?:?$",
    rf"\b(?:foi|foram)(?: (?:tambem|ja)){{0,2}} {_SENT_PT}",
    rf"^{_SENT_PT}(?: tambem)?(?: a| para)? ?:?$",
    # Japanese
    r"(?:配信|配達|送信|転送|送達|中継)(?:され|し|が完了し|に成功し)(?:ました|た(?:アドレス|宛先))",
    r"(?:配信|配達|送信|転送|送達)(?:済み?|完了|成功)",
)

# a heading of all whom the message was for
LISTED = _any(
    rf"\b(?:recipients?|address(?:es|ees)?) of (?:the|this|your) (?:original |returned )?{_MESSAGE}",
    r"\b(?:original|all|message|intended) (?:recipients|addressees) ?:?$",
    r"(?:was|were|is|been) (?:originally )?(?:sent|addressed) to",
    r"^sent to(?: the following)?(?: recipients?| address(?:es)?)? ?:?$",
    r"empfanger (?:der|dieser|ihrer) (?:ursprunglichen )?(?:nachricht|mail|e-?mail)",
    r"destinataires? (?:du|de ce|de votre) (?:message|mail|courriel|e-?mail)",
    r"destinatarios? (?:del|de este|de su|da|desta) (?:mensaje|correo|mensagem|e-?mail)",
    r"destinatari(?:o)? (?:del|di questo) (?:messaggio|e-?mail)",
    r"ontvangers? van (?:het|dit|uw) (?:bericht|e-?mail)",
    r"(?:メッセージ|メール)の(?:受信者|宛先|送信先)",
)

# a heading of those for whom the server still tries
LATE = re.compile(r"\btransient|non-?fatal|\btemporar(?:y|ily)")

NEGATION = re.compile(
    r"\b(?:not|cannot|never|no|unable|fail\w*|nicht|nie|noch|niet|nooit|nog|pas|jamais|non|nao|nunca|mai)\b|n't\b|\bn'"
)

# a turn inside a sentence
TURN = re.compile(r"[;,]? (?:but|however|although|aber|jedoch|mais|pero|ma|maar|mas|porem) |ましたが")
SENTENCE_END = re.compile(r"[.!?] |。")
# what servers say after an address that it reached
REACHED = re.compile(
    r"^[\s>\"')\]:;,.=-]{0,8}[(\[]?(?:(?:was|were|has been|is) )?(?:successfully )?"
    r"(?:delivered|relayed|transferred|transmitted|sent\b|accepted|recipient ok|ok\b|2\d\d[- ]|2\.\d\.\d)"
)
REPLY_GOOD = re.compile(r"^[<>\s]{0,8}2\d\d[- ]")

# who writes: a mail system
DAEMON = re.compile(
    r"mailer-?daemon|mail[ ._-]?deliver|delivery[ ._-]?(?:sub)?system|postmaster|poostmaster|mdaemon|mailerdaemon"
    r"|system administrator|systemadministrator|mail[ ._]?system|bounce[sd]?@|ndr@|microsoft outlook|mail_service"
    r"|mail[ ._-]administrator|virus|symantec|interscan|imss@|smtp.gateway|internet.?gateway|automailer|mailservice"
    r"|internet mail delivery|administrateur systeme|administrador del sistema|系统管理员|mail subsystem"
)
# a program, under a name of its own
ROBOT = re.compile(r"no-?reply|do-?not-?reply|automat|\bsmtp|\bndr\b|gateway|mail-?service|mail server")
SUBJECT = _any(
    r"undeliver|non-? ?deliver|non ?remis|unzustellbar|nicht zustellbar|onbestelbaar|niet bezorgd"
    r"|mancat[ao] (?:consegna|recapito)",
    r"(?:returned|failed|rejected) (?:mail|message|e-?mail)|mail (?:system )?(?:error|failure)|failure (?:notice"
    r"|delivery)",
    r"(?:delivery|message|mail)[ -](?:delivery )?(?:has )?(?:failure|failed|problem|status|error|warning|delay"
    r"|notification)",
    r"failed (?:delivery|mail)|could not be delivered|error (?:sending|delivering) your mail|returned to sender",
    r"not delivered|user unknown|delivery (?:of|to) |message delayed|message has not yet|automatically rejected",
    r"zustell(?:ung|fehler)|notification d'etat|echec de|notificacion de estado|no se puede entregar|error de entrega",
    r"falha na entrega|stato del recapito|niedostarcz|zwrot|nedoruc|не доставлен|недоставлен|不達|送信.{0,6}失敗"
    r"|配信.{0,8}失敗|退信|メール.{0,6}エラー",
)
REPLY_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{0,40}\]\s*)?(?:re|aw|sv|antw|odp|ynt|fwd?|wg|tr|rv|res|enc|rif|vs|vb|doorst"
    r"|i)\s?(?:\[\d{1,3}\])?\s?[::]"
)

# a line that begins the returned message, its quoting marks and rulers removed
SEPARATOR = _any(
    r"^(?:this|here|below|enclosed|included|attached|attachment|the next line)? ?(?:this line "
    r"|the next line )?(?:is |are )?"
    r"(?:a )?copy of (?:the|your) (?:original )?(?:message|mail|first part)",
    r"^below (?:this|the next) line",
    r"^(?:the )?(?:original|returned|unsent|undelivered|forwarded|rejected) (?:message|mail|text"
    r"|e-?mail)\b(?! (?:was|is|could|has|identifier|details|contained))",
    r"^(?:the )?(?:message|mail)(?:'s)? (?:text |body |contents? )?(?:headers?|text|contents?"
    r"|body)\b[^@]{0,30}(?:follow|supp|below|:|$)",
    r"^(?:the )?headers? (?:of|and) [^@]{0,60}(?:message|mail|lines)",
    r"^unsent message|^(?:begin|start) (?:of )?(?:forwarded|returned|original)",
    r"^the first \d{1,6} lines of (?:your|the) (?:original )?message",
    r"^your message reads|^a (?:copy|summary) of the (?:original|undelivered|unsent)",
    r"^(?:mensaje original|message (?:d'origine|original)|ursprungliche nachricht|messaggio originale|mensagem original"
    r"|oorspronkelijk bericht|oryginalna wiadomosc|puvodni zprava|исходное сообщение|ursprungligt meddelande)",
    r"^(?:元のメッセージ|原始邮件|原邮件|原文)|附件中的内容是|以下是原",
    r"^(?:der header|die kopfzeilen) der ursprunglichen|^content-type: (?:message/rfc822|text/rfc822-headers)",
    r"^here is a copy of",
)

# words that make the address after them another than the failed one
NOT_FAILED_BEFORE = re.compile(
    r"(?:from|sender|by|contact|assistance|support|(?<!your )mail to|(?<!your )e-?mail to|help|write to|reply-?to"
    r"|return-path|envelope-from"
    r"|mailto|http\S{0,200}|via|visit|hello|dear|please|report to|postmaster|kontakt|an|wenden sie sich an|contactez"
    r"|x-originating-email|message-id|mail from|from address|account of|not accepting mail from"
    r"|on behalf of)\s?[:=]?[\s\"'<(\[]*$"
)
ECHO = re.compile(r"^[\s>*|]*(?:to|cc|bcc|an|a|para|pour|naar|do|komu|кому|宛先|收件人|subject|betreff|sent"
    r"|date)\s{0,5}:")
SENDER_ECHO = re.compile(r"^[\s>*|]*(?:from|sender|reply-to|von|de|da|van|od|от|差出人|发件人|system contact"
    r"|administrator)\s{0,5}:")
LABEL = re.compile(
    r"(?:recipients?|recipient\(s\)|address(?:es)?|address\(es\)|userid|user|failed|error-for|rcpt|undeliverable"
    r"|delivered"
    r"|destinataires?|destinatario|empfanger|attempts|pour|получател\w{0,3}|收件人"
    r"|宛先)[^@]{0,24}[:=]\s?[\[(\"'<]*(?:smtp:)?$"
)
TO = re.compile(r"\b(?:to|for|user|mailbox|recipient|address(?:ed to)?|user's mailbox is full:|a|an|pour|para|fur"
    r"|aan|do|till|til)\s?:?\s?[\[(\"'<]*$")
FORWARDED = re.compile(r"(?:generated|expanded|forwarded|redirected|originally addressed|aliased) (?:from"
    r"|to):?\s?[<(\"']*$")
NOT_MEANT = re.compile(
    r"\b(?:by|from|contact|assistance|write to|mail to|support|questions|help|reach us|kontakt|wenden|hilfe|aide"
    r"|ayuda|assistenza)"
)

AUTO_REPLY_SUBJECT = _any(
    r"out of (?:the )?office|automatic reply|auto(?:matic)?[ -]?(?:reply|response|responder)|vacation|on leave"
    r"|away from",
    r"abwesen|automatische antwort|autoreply|reponse automatique|absen[ct]e? du bureau|absent",
    r"respuesta automatica|fuera de (?:la )?oficina|risposta automatica|fuori ufficio|assen[tz]",
    r"resposta automatica|ausencia|automatisch antwoord|afwezig|automatyczna odpowiedz|nieobecno|poza biurem",
    r"automaticka odpoved|mimo kancelar|autosvar|automatiskt svar|franvaro|fravaer|poissa|automaattinen",
    r"автоматически[ий] ответ|автоответ|вне офиса|отсутств|自動(?:返信|応答)|不在|自动(?:回复|答复)|自動回覆|부재|자동",
)
