"""Words and phrases of wordings that may be said in another way: each becomes a choice, so that a wording is heard less often.

A word stands several times in its choice if it shall stay the common one. `SPEECH` holds only inside speech marks, `VERBS` are verbs in
`< >`, each with what must follow it.
"""
import re

_PLAIN = r"""
everybody | everyone
nobody | nobody | no one
somebody | somebody | someone
(?<=\ba )big(?= [a-z]) | big | large | huge
(?<=\ba )small(?= [a-z]) | small | little | tiny
(?<!all )at once | right away | straight away
all at once | all of a sudden | in a flash
suddenly | all of a sudden | all at once
for a long time | for a long while | for quite a while
for a while | for some time | for a time
for a moment | for a second | for an instant
the next day | the next day | the following day | on the next day
the next morning | the following morning | early the next morning
^in the evening | that evening | towards evening | at the end of the day
that night | that same night | during the night
^one day(?! passed| later) | one fine day | one day
^one morning | one fine morning | early one morning
^one evening | late one evening | one evening
from then on | from that day on | from that time on | after that
in the end(?! of) | in the end | finally | at last
at last | finally | at long last
again and again | over and over | time and again
every day | each day | day after day
every night | each night | night after night
every morning | each morning | morning after morning
every evening | each evening
all day(?! long) | all day long | the whole day
all night(?! long) | all night long | the whole night
^and so | so | and so
^then(?! there| good| you| I\b| we\b) | then | after that | and then
(?<=\bthe )whole | entire
afraid(?! not) | scared | frightened
angry | cross | furious
(?<!most )beautiful | lovely | pretty
quickly | swiftly | quickly
softly | quietly | gently
(?<=[a-z] )quietly | softly | quietly
perhaps | maybe
almost | nearly
(?<=only )a little(?= [a-z]) | a tiny
only(?= a ) | just
once more | one more time | once again
far away | far off
until(?= [a-z]) | till
under(?= (?:the|a|an)\b) | beneath | under
beside(?= (?:the|a|an)\b) | next to
next to(?= (?:the|a|an)\b) | beside | by
near(?= (?:the|a|an)\b) | close to | near
(?<!of )nothing but | only
side by side | shoulder to shoulder | next to each other
in a hurry | in a great hurry | in haste
(?<!to )(?<!and )a hundred(?! steps) | a hundred | a thousand
a piece of | a bit of
(?<!the )(?<!that )(?<!this )(?<!\ba )very(?! much| well| many| own| low| same)(?= ?[a-z]|$) | very | really | so
(?<=\ba )very(?! own| same) | very | really
quite a | rather a
as if | as though
each other | one another
in the middle of the night | in the dead of night | at midnight
not far(?! (?:away|off|from|behind|enough)) | not far | quite near
long ago | a long time ago | many years ago
step by step | step by step | little by little
with a smile(?! on) | smiling | cheerfully
in a low voice | softly | very quietly
happily(?! for) | cheerfully | gladly
sadly | sadly | with a sigh
at first | to begin with | at first
the whole way | all the way
to and fro | back and forth
here and there | all over the place | here and there
lots of | plenty of
an hour later | an hour later | half an hour later | a little later
after an hour | after an hour | after half an hour | after a good while
for an hour | for an hour | for two hours | for half an hour
(?<=for )three days | two days | three days | four days | a week
(?<=after )three days | two days | three days | four days | a week
at noon | at noon | at midday | in the middle of the day
at sunrise | at dawn | at sunrise
at dusk | at dusk | in the twilight
closer and closer | nearer and nearer | closer and closer
bigger and bigger | larger and larger | bigger and bigger
(?<!all )the others(?=[ .,]) | the others | the rest of them | all the others
nearly all | almost all | most
all of them | every one of them | all of them
without a word | without a word | in silence | silently
a great many | very many | lots of
soon(?= [a-z{]) | soon | before long | quite soon
right in front of | just in front of | straight in front of
as fast as | as fast as | as quickly as
a deep breath | a deep breath | a long breath
in the whole | in all the | in the whole
up and down(?!,) | back and forth | up and down
from far away | from far off | from a distance
one by one | one after the other | one by one
(?<!coins )(?<!pennies )(?<!ate )(?<!eaten )too much | far too much | too much
too late | too late | far too late
good idea | good idea | fine idea | clever idea
(?<!with )(?<!have )(?<!had )a voice(?! like) | a voice | somebody's voice
last of all | at the very end | last of all
first of all | before anything else | first of all
by and by | little by little
on the way home | on the way back | on the way home
on the way | on the way | along the way
in the dark | in the dark | in the darkness
strange | strange | peculiar
could not | could not | couldn't
did not | did not | didn't
was not | was not | wasn't
(?<=, )in the evening(?= [a-z{]) | in the evening | that evening
in the evening(?=\.) | in the evening | when evening came
in the morning(?=\.) | in the morning | the next morning
in the morning(?= [a-z{]) | in the morning | in the morning | when morning came
in the night | in the night | during the night
all around | all around | on all sides
people(?= [a-z]) | people | people | folk
(?<=\ba )good(?= [a-z]) | good | good | fine
(?<=\ban )old(?= (?:sheet|tub|door|nail|net|broom|boat|umbrella|spoon|barrel|chair|basket|blanket|tune)) | old | old | worn
all the(?= (?:people|others|children|neighbors|animals|lanterns|oil|colors|streets|doors|names)) | all the | all the | all of the
each of them | each of them | every one of them
three times | three times | three times | twice | four times
once a year | once a year | twice a year
(?<=[a-z] )slowly(?=\.) | slowly | very slowly | without hurry
carefully | carefully | carefully | with great care
as big as | as big as | as large as
as high as | as high as | as tall as
far out | far out | a long way out
more than anything | more than anything | above all else
a lot of | a lot of | lots of | plenty of
a few | a few | some
next door | next door | right next door
close by | close by | nearby
day and night | day and night | night and day
so much(?= [a-z]) | so much | so very much
quickly(?=[.,]) | quickly | in no time | fast
clever | clever | smart
"""

_SPEECH = r"""
(?<!who )(?<!what )(?<!where )(?<!here )(?<!as )(?<!than )(?<!there )(?<!so )I am(?= [a-z{]) | I'm
I will(?= [a-z]) | I'll
I have(?= [a-z]+(?:ed|en|one|ost|ade|ever)\b) | I've
(?<!who )(?<!what )(?<!where )(?<!here )(?<!as )(?<!than )(?<!there )(?<!how )you are(?= [a-z]) | you're
do not(?= [a-z]) | don't
did not(?= [a-z]) | didn't
does not(?= [a-z]) | doesn't
cannot(?= [a-z]) | can't
will not(?= [a-z]) | won't
is not(?= [a-z]) | isn't
(?<!what )(?<!how )(?<!where )(?<!who )(?<!as )(?<!than )(?<!way )it is(?= [a-z]) | it's
(?<!what )(?<!all )(?<!one )(?<!thing )that is(?= [a-z]) | that's
what is(?= [a-z]) | what's
let us(?= [a-z]) | let's
(?<!what )(?<!than )there is(?= [a-z]) | there's
I must(?= [a-z]) | I have to | I've got to
you must(?= [a-z]) | you have to
we must(?! only)(?= [a-z]) | we have to
(?<![a-z,] )thank you | thank you | thanks
of course | certainly | sure | of course
I think(?! (?:of|about)) | I think | I believe
oh no | oh dear | oh no | goodness me
good day | hello | good day
yes(?=,) | oh yes | yes
no(?=,) | oh no | no | no
very well | all right
I want to(?= [a-z]) | I'd like to
I do not know(?=[.,]) | I do not know | I don't know | I have no idea
I am sorry(?=[.,]) | I am sorry | I'm sorry | I am so sorry
that is true(?=[.,]) | that is true | that's true | so it is
come with me | come with me | come along with me
look(?=,) | look | look | look there
do not worry | do not worry | don't worry | never fear
"""

VERBS = [(re.compile(r"<" + form + r">(?=" + after + ")"), "<" + choice + ">") for form, choice, after in [
    ("began", "began|started", " to "), ("looked", "looked|looked|gazed|stared", " at "), ("ran", "ran|hurried|rushed", " (?:to|out|home|back|up) "),
    ("jumped", "jumped|leapt|sprang", " "), ("smiled", "smiled|smiled|grinned|beamed", r"(?! at)"), ("closed", "closed|shut", " "), ("threw", "threw|tossed|flung", " "),
    ("saw", "saw|saw|spotted|noticed", " (?:a|an|the|something) "), ("carried", "carried|carried|brought", " it "),
    ("went", "went|went|walked", r" (?:up|down|back|past) "), ("walked", "walked|walked|wandered", r" (?:through|along|past) "), ("crept", "crept|tiptoed|stole", r" (?:up|into|out|through) "),
    ("pulled", "pulled|tugged", " at "), ("held", "held|held|clutched", r" (?:on|it) "), ("hid", "hid|hid|crouched", " (?:behind|under) "), ("wept", "wept|cried", ""),
    ("shouted", "shouted|called|yelled", r"[:,]"), ("loved", "loved|loved|adored", " (?:the|a) "), ("slept", "slept|slept|dozed", " (?:in|under|on|all) "), 
    ("found", "found|found|discovered", " (?:a|an|the|something) "), ("waited", "waited|waited|stayed", " (?:by|at|in|under|until) "), ("climbed", "climbed|clambered|scrambled", " (?:up|over|out|down) "),
    ("stumbled", "stumbled|tripped", " over "), ("shone", "shone|gleamed|glowed", r" (?:in|on|like) "), ("fell", "fell|tumbled|dropped", r" (?:down|off|out of|into) "),
    ("sat", "sat|settled", " down (?:on|beside|by|under|next) "), ("turned", "turned|spun", " around"), ("liked", "liked|liked|loved", " to "), ("got", "got|got|stood", " up "), ("took", "took|pulled", " out "),
    ("picked", "picked|picked|took", " up "), ("stood", "stood|stood|waited", " (?:at|by) the "), ("knew", "knew|knew|understood", " that "), ("shook", "shook|trembled", r"[.,]"),
    ("laughed", "laughed|laughed|giggled", r"[.,]"), ("cheered", "cheered|clapped", r"[.,]"), ("stopped", "stopped|stopped|paused", r"[.,]"), ("flew", "flew|flew|sailed", " (?:off|over|out|away|down) "),
    ("told", "told|told|said", r" it to "), ("grew", "grew|became|got", " (?:bigger|smaller|louder|dark|quiet|cold|tired) "), ("became", "became|grew|got", " (?:bigger|smaller|louder|dark|quiet|cold|tired) "),
    ("looked", "looked|looked|glanced|peered", r" (?:around|out|in|over|back|behind|under|into) "), ("gave", "gave|gave|handed", r" \{[A-E]\} (?!back)"), ("wanted", "wanted|wanted|wished", " to "),
    ("walked", "walked|walked|strolled", r" (?:beside|home|away|around|off|back|to|slowly) "), ("went", "went|went|walked", r" (?:home|from|into|over|down) "), ("ran", "ran|ran|raced|dashed", r" (?:through|along|off|away|around|past|after|straight|as) "),
    ("brought", "brought|brought|fetched", r" (?:a|an|some) "), ("threw", "threw|tossed|flung", " (?:a|the|it) "), ("cut", "cut|cut|sliced", " (?:it|the cake) "), ("built", "built|built|made", " (?:a|an) "),
    ("made", "made|made|built", " a (?:hut|raft|nest|bed|fire) "), ("cooked", "cooked|cooked|made", " (?:a|soup) "), 
    ("lifted", "lifted|lifted|raised", " (?:a|an|one|the|up) "), ("held", "held|held|lifted", " up "), ("hung", "hung|hung|put", " (?:a|it|up) "), ("took", "took|took|seized", " hold "),
    ("dragged", "dragged|pulled", " "), ("wiped", "wiped|dried", " "), ("nodded", "nodded|nodded|agreed", r"[.]"), ("shouted", "shouted|shouted|called", " "), 
    ("slipped", "slipped|slid", " (?:on|out|into|off|down) "), ("wrote", "wrote|wrote|scribbled", " (?:a|on|it|down) "), ("drew", "drew|drew|sketched", " (?:a|it|the) "), ("sang", "sang|sang|hummed", " (?:a|an|the|to) "),
    ("dug", "dug|dug|shoveled", " (?:a|here|at) "), ("asked", "asked|asked|begged", " for "), ("grew", "grew|grew|became", " (?:so|very|strong|thinner|sadder) "), 
    ("put", "put|put|laid", r" (?:it|the \w+) (?:on|down) ")]] + [
    (re.compile(r"<cried ([A-E])>"), r"<cried|called|exclaimed \1>"), (re.compile(r"<thought ([A-E])>"), r"<thought|thought|said \1>"), (re.compile(r"<whispered ([A-E])>"), r"<whispered|murmured \1>"),
    (re.compile(r"<sobbed ([A-E])>"), r"<sobbed|wailed|cried \1>"), (re.compile(r"<shouted ([A-E])>"), r"<shouted|yelled|called \1>"), (re.compile(r"<answered ([A-E])>"), r"<answered|replied|said \1>"),
    (re.compile(r'(\?" <asked [A-E]>\. "[^"<>]*[,.!]" <)said ([A-E]>)'), r"\1said|answered|replied \2"), (re.compile(r'(\?" <said/it> [^"<>]*\. "[^"<>]*[,.!]" <)said ([A-E]>)'), r"\1said|answered|replied \2")]


def _rules(table):
    rules = []
    for line in table.strip().split("\n"):
        word, *others = [c.strip() for c in line.split(" | ")]
        plain = re.sub(r"\(\?[^()]*(?:\([^()]*\)[^()]*)*\)|\^", "", word)
        choices = others if plain in others else [plain, *others]
        rules.append((re.compile((r"^" if word.startswith("^") else r"(?<![\w'])") + "(" + word.lstrip("^") + r")(?![\w'])", re.IGNORECASE), choices, plain.lower()))
    return rules


PLAIN, SPEECH = _rules(_PLAIN), _rules(_SPEECH)
LITERAL = re.compile(r'(\{[^{}]*\}|<[^<>]*>|[\[\]|]|")')


def vary(source):
    """The wording with a choice wherever the thesaurus knows another word."""
    for pattern, choice in VERBS:
        source = pattern.sub(choice, source)
    out, quoted, begin = [], False, True
    for token in LITERAL.split(source):
        if not token:
            continue
        if token == '"':
            quoted = not quoted
        elif token[0] not in "{<[]|":
            out.append(_literal(token, quoted, begin))
            begin = False
            continue
        out.append(token)
        begin = begin and token in ('"', "[", "|")
    return "".join(out)


def _literal(text, quoted, begin):
    small, spans = text.lower(), []
    for pattern, choices, plain in (PLAIN + SPEECH if quoted else PLAIN):
        if plain not in small or pattern.pattern.startswith("^") and (quoted or not begin):
            continue
        for m in pattern.finditer(text):        # over the whole text, for a rule may ask what stands around
            if all(m.end(1) <= a or b <= m.start(1) for a, b, _ in spans):
                spans.append((m.start(1), m.end(1), "[" + "|".join(_cased(c, m[1]) for c in choices) + "]"))
    at, out = 0, []
    for a, b, choice in sorted(spans):
        out += [text[at:a], choice]
        at = b
    return "".join(out) + text[at:]


def _cased(choice, model):
    return choice[0].upper() + choice[1:] if model[0].isupper() and choice[0].isalpha() else choice
