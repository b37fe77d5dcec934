"""Heroes of every kind: trades, animals and things that live, with what all of their group do. Names of the head alone differ."""

_PEOPLE = """pirate|astronaut|painter|doctor|nurse|cook|carpenter|musician|dancer|juggler|clown|explorer|captain|soldier|hunter|merchant|beggar|monk
hermit|inventor|poet|singer|photographer|pilot|librarian|gravedigger|candle maker|chimney sweep|shoemaker|weaver|potter|butcher|milkmaid f|goatherd
lighthouse keeper|train driver|bus driver|beekeeper|magician|fortune teller|acrobat|drummer|fiddler|glassblower|mapmaker|bell ringer|night watchman m
ferryman m|woodcutter|traveler|old woman f|old man m|stranger|nobleman m|duchess f|emperor m|scientist|detective|firefighter|police officer|janitor
gatekeeper|innkeeper|peddler|puppeteer|scarecrow maker|kite maker|toymaker|gingerbread baker|diver|ballerina f|cowboy m|viking|ninja|goalkeeper""".replace("\n", "|")
_CHILDREN = """schoolgirl f|schoolboy m|orphan|shepherd boy m|goose girl f|apprentice|stable boy m|kitchen maid f|drummer boy m|newspaper boy m|twin|tailor's daughter f
miller's son m|fisherman's daughter f|king's youngest son m|baker's girl f""".replace("\n", "|")
_ANIMALS = """kangaroo|walrus|giraffe|zebra|camel|hippo|rhino|tiger|leopard|panda|koala|sloth|raccoon|skunk|moose|reindeer|deer|hare|weasel|ferret|hamster
guinea pig|rat|lizard|chameleon|crocodile|snake|toad|salamander|parrot|peacock|flamingo|stork|heron|swan|pelican|seagull|eagle|hawk|raven|magpie|robin
woodpecker|swallow|pigeon|turkey|rooster m|cow f|bull m|sheep|ram m|calf|foal|puppy|kitten|lynx|seal|dolphin|whale|octopus|crab|lobster|goldfish|trout
seahorse|starfish|spider|ant|bee|beetle|ladybird|butterfly|caterpillar|grasshopper|cricket|dragonfly|firefly|worm|earwig|flea|moth|ostrich|llama|yak
hyena|jackal|mongoose|anteater|armadillo|porcupine|chipmunk|chick|duckling|gosling|lamb|cub|vole|shrew|newt|wren|cuckoo|vulture|mule|buffalo""".replace("\n", "|")
_THINGS = """train|cloud|star|stone|teapot|broomstick|snowflake|candle|clock|lamp|lighthouse|bridge|boat|ship|kite|balloon|pencil|button|spoon|kettle|pumpkin
turnip|potato|pancake|cookie|gingerbread man|scarecrow|leaf|tree|sunflower|daisy|mushroom|mountain|river|wave|raindrop|icicle|moon|sunbeam|shadow|echo
doll|tin soldier|teddy bear|puppet|rocking horse|toy car|tractor|bicycle|bus|airplane|rocket|wheelbarrow|umbrella|boot|sock|mitten|hat|coat|pillow|blanket
suitcase|book|map|letter|postbox|bell|drum|trumpet|violin|piano|statue|ghost|shadow puppet|weather vane|windmill|door|key|mirror|ladder|bench""".replace("\n", "|")

_DO = {
    "person": ("grown person", "old young tall kind brave grumpy clever lonely famous",
               "does: <hummed> a tune; <scratched> {A.his} head; <looked> up at the sky; <folded> {A.his} arms; <smiled> to {A.himself} | "
               "likes: sleeping late; good soup; long walks; telling of old times | eats: bread and cheese; a bowl of soup; an apple"),
    "child": ("child", "little small clever brave quiet curious",
              "does: <skipped> a few steps; <hummed> a tune; <looked> at {A.his} shoes; <whistled> softly | likes: running barefoot; stories; climbing walls | "
              "eats: bread and honey; a pear; a pancake"),
    "animal": ("animal", "little young old clever shy brave lazy hungry curious lonely",
               "does: <looked> left and right; <sniffed> the air; <stretched> in the sun; <shook> {A.himself} | likes: long naps; sunny places; good company | "
               "eats: something small and crunchy; something green; some crumbs"),
    "thing": ("magic odd", "little old new lonely proud small shiny",
              "does: <trembled> a little; <wondered> about the world; <sighed> softly; <stood> very still | likes: being useful; quiet evenings; being noticed | "
              "eats: nothing at all, as always"),
}


def _lines(words, group):
    tags, looks, phrases = _DO[group]
    for word in words.split("|"):
        head, _, gender = word.strip().rpartition(" ")
        if gender not in ("f", "m"):
            head, gender = word.strip(), "n" if group == "thing" else ""
        fit = " ".join(look for look in looks.split() if look not in head.split())
        yield f"{head} | {tags} rare_kind {gender} | {fit} | {phrases}"


KINDS = "\n".join(line for words, group in ((_PEOPLE, "person"), (_CHILDREN, "child"), (_ANIMALS, "animal"), (_THINGS, "thing")) for line in _lines(words, group))
