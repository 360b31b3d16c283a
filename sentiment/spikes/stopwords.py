"""Words that carry no subject of a complaint, in the languages that mentions come in."""

from __future__ import annotations

from functools import cache

_LISTS = {
    "en": """a about above after again against all almost also although always am an and any are aren't as at be
        because been before being below between both but by can can't cannot could couldn't did didn't do does
        doesn't doing don't down during each even ever every few for from further get gets getting go goes going
        got had hadn't has hasn't have haven't having he he's her here hers him his how however i i'd i'll i'm
        i've if in into is isn't it it's its itself just know like made make many may me might more most much
        must my myself never no nor not now of off oh ok on once one only or other our out over own please quite
        rather really said same say see she should shouldn't since so some still such than that that's the their
        them then there there's these they they're they've thing things this those though through to today too
        took under until up upon us very was wasn't way we we're we've well were weren't what what's when where
        which while who whom why will with without won't would wouldn't yes yet you you're you've your yours""",
    "de": """aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bereits bin bis
        bist da dabei dafür damit dann daran das dass davon dazu dein deine dem den denn der des dich die dies
        diese diesem diesen dieser dieses dir doch dort du durch eben ein eine einem einen einer eines einfach
        er es etwas euch euer für gab ganz gar geht gemacht gewesen gibt ging habe haben hat hatte hatten hier
        hin ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im immer in ins ist ja jede jedem jeden jeder jedes
        jetzt kann kein keine keinem keinen keiner können könnte machen mal man mehr mein meine meinem meinen
        meiner mich mir mit muss müssen nach nicht nichts noch nun nur ob oder ohne schon sehr sein seine seinem
        seinen seiner seit selbst sich sie sind so sogar soll sollte sondern um und uns unser unsere unter viel
        vom von vor war waren was weg weil weiter welche wenn werde werden wer wie wieder will wir wird wirklich
        wo wurde wurden während zu zum zur zwar über""",
    "fr": """a afin ai aie ainsi alors après as au aucun aucune aujourd'hui aussi autre autres aux avaient avais
        avait avant avec avez avoir avons bien c'est car ce cela ces cet cette ceux chez comme d dans de depuis
        des deux donc du déjà elle elles en encore entre est et été êtes étaient étais était être eu eux fait
        faire fois font il ils j j'ai je jusqu l la le les leur leurs lors lui là m ma mais me même mes moi
        moins mon n ne ni nos notre nous on ont ou où par parce pas pendant peu peut plus plusieurs pour
        pourquoi puis qu qu'il quand que quel quelle quels qui quoi rien s sa sans se sera ses si sommes son
        sont sous suis sur t ta te tes toi ton tous tout toute toutes très tu un une vers voir vos votre vous y
        ça""",
    "es": """a al algo alguna algunas alguno algunos ante antes así aunque aún bien cada casi como con contra cosa
        cual cuando cuál cómo de del desde donde dos durante e el él ella ellas ellos en entre era eran es esa
        esas ese eso esos esta estaba estado estamos estar estas este esto estos está están estoy fue fueron ha
        haber había hace hacer han hasta hay he hemos hoy la las le les lo los me menos mi mis mismo mucho muy
        más mí nada ni no nos nosotros nuestra nuestro o os otra otras otro otros para pero poco por porque pues
        que quien qué se sea ser si sido siempre sin sobre solo son soy su sus sí sólo también tan tanto te
        tengo tiene tienen toda todas todo todos tras tu tus tú un una unas uno unos usted ustedes va van vez y
        ya yo""",
    "it": """a abbiamo ad agli ai al alla alle allo anche ancora anni avere aveva avevo avuto c'è che chi ci ci come
        con cosa così cui da dal dalla dalle dei del della delle dello dentro di dopo dove due e è ed era erano
        ero essere fa fare fatto fino fra gli già ha hai hanno ho i il in io l la le lei li lo loro lui ma me
        mentre mi mia mie mio molto ne negli nei nel nella nelle no noi non nostra nostro o ogni oggi ora per
        perché però più poi prima proprio qualche quale quando quanto quella quelle quelli quello questa queste
        questi questo qui se sei sempre senza si sia siamo sia siete solo sono sta stata stati stato su sua sue
        sugli sui sul sulla suo sì te ti tra troppo tu tua tuo tutta tutte tutti tutto un una uno va vi voi è""",
    "pt": """a agora ainda algo algum alguma ao aos apenas após aquela aquele as assim até bem cada com como contra
        da das de dela dele depois desde dessa desse desta deste do dois dos e ela elas ele eles em entre era
        eram essa essas esse esses esta estas estava este estes estou está estão eu faz fazer foi foram há isso
        isto já lá lhe mais mas me mesmo meu meus minha minhas muito muitos na nada nas nem nenhum no nos nossa
        nosso não nós num numa o os ou para pela pelas pelo pelos pode por porque pra quando que quem se seja
        sem sempre ser seu seus só sobre sua suas são também tem tenho ter teve tinha toda todas todo todos tu
        tudo um uma uns vai vez você vocês à às é""",
    "nl": """aan aangezien al alle alleen alles als altijd andere ben bent bij daar dan dat de den der deze die dit
        door dus een eens en enkele er erg etc ga gaan gaat geen gewoon had hadden heb hebben hebt heeft heel
        hem hen het hier hij hoe hun ik in is ja je jij jou jouw jullie kan kon kunnen maar mag me meer men met
        mij mijn moet moeten na naar niet niets nog nooit nu of om omdat onder ons onze ook op over per precies
        te tegen toch toen tot u uit uw van vanaf veel voor waar waarom want waren was wat we weer wel welke
        werd werden wie wij wil worden wordt zal ze zei zeer zelf zich zij zijn zo zonder zou""",
}


@cache
def stop_words() -> frozenset[str]:
    """All of them together: texts mix languages, and a declared language is often wrong."""
    return frozenset(word for words in _LISTS.values() for word in words.split())
