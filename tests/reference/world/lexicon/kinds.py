"""Kinds of people and animals: kind | tags | looks | what they do | what they like | what they eat.

Tags: child or grown; animal, bird, wild, farm, pet, small, big, swims, magic; f, m or n where the kind has only that gender.
`does` and `did` are wordings whose {A} is the one who does it.
"""
KINDS = """
girl      | child f | little small cheerful quiet brave curious | does: <skipped> over the stones; <hummed> a tune of {A.his} own; <counted> the steps under {A.his} breath; <tied> {A.his} shoe again | likes: climbing trees; drawing with chalk; jumping over puddles | eats: bread and jam
boy       | child m | little small cheerful quiet brave curious | does: <kicked> a pebble along the path; <whistled> through {A.his} teeth; <hopped> on one leg; <pulled> up {A.his} socks | likes: building dams; looking for beetles; drawing maps | eats: bread and cheese
baker     | grown person | young old cheerful round | does: <dusted> the flour from {A.his} hands; <smelled> of warm bread; <hummed> a baking song | likes: baking rolls before sunrise; thinking of new cakes | eats: a warm roll
farmer    | grown person | old tall kind tired | does: <looked> up at the clouds; <leaned> on {A.his} rake; <scratched> {A.his} chin | likes: watching the wheat grow; talking about the weather | eats: potato soup
teacher   | grown person | young kind strict tall | does: <straightened> {A.his} glasses; <counted> the children twice; <wiped> chalk from {A.his} sleeve | likes: reading aloud; asking hard questions | eats: an apple
sailor    | grown person | old tall merry | does: <rocked> from foot to foot as if on a ship; <sniffed> the salty air; <coiled> a bit of rope | likes: telling of far islands; tying knots | eats: fish stew
miller    | grown person m | old dusty strong | does: <shook> the flour from {A.his} cap; <listened> to the mill wheel; <yawned> into {A.his} sleeve | likes: hearing the wheel turn; sleeping in the hay | eats: porridge
fisherman | grown person m | old quiet patient | does: <mended> a hole in {A.his} net; <stared> at the water; <pulled> {A.his} hat over {A.his} eyes | likes: sitting by the water before dawn; mending nets | eats: fried fish
shepherd  | grown person | young old quiet | does: <counted> {A.his} sheep on {A.his} fingers; <leaned> on {A.his} long stick; <whistled> for {A.his} dog | likes: lying in the grass with {A.his} sheep; looking at the stars | eats: cheese and bread
gardener  | grown person | old kind patient | does: <pulled> up a weed; <talked> to the roses; <rubbed> the earth from {A.his} hands | likes: planting bulbs; watering beans at sunset | eats: a carrot
blacksmith | grown person m | strong tall friendly | does: <wiped> {A.his} forehead; <swung> {A.his} big arms; <blew> the ash from {A.his} apron | likes: making sparks fly; mending wheels | eats: roast potatoes
tailor    | grown person | thin neat young | does: <threaded> a needle; <measured> things with {A.his} eyes; <brushed> a thread from {A.his} knee | likes: sewing on buttons; choosing cloth | eats: a poppy roll
clockmaker | grown person | old careful quiet | does: <listened> for the ticking in {A.his} pocket; <polished> {A.his} glasses; <held> something tiny up to the light | likes: making things tick; finding lost screws | eats: a boiled egg
postman   | grown person m | cheerful quick tired | does: <sorted> the letters in {A.his} bag; <rang> {A.his} bell; <checked> an address twice | likes: bringing good news; riding downhill | eats: a cheese sandwich
grandmother | grown person f | kind old tiny | does: <nodded> slowly; <wrapped> {A.his} shawl around {A.his} shoulders; <looked> for {A.his} glasses on {A.his} own nose | likes: knitting by the window; telling old tales | eats: plum cake
grandfather | grown person m | kind old tall | does: <stroked> {A.his} beard; <leaned> on {A.his} stick; <chuckled> to {A.himself} | likes: feeding the ducks; carving wood | eats: apple pie
king      | grown person royal m | old proud lonely young | does: <straightened> {A.his} crown; <looked> down {A.his} long nose; <sighed> a royal sigh | likes: being bowed to; playing chess against himself | eats: roast goose
queen     | grown person royal f | wise young proud | does: <lifted> the hem of {A.his} gown; <raised> one eyebrow; <nodded> very royally | likes: riding before breakfast; reading letters from far away | eats: sugared almonds
princess  | child royal f | young clever stubborn | does: <kicked> off {A.his} silk shoes; <rolled> {A.his} eyes; <slid> down a banister | likes: climbing out of windows; not sitting still | eats: strawberries
prince    | child royal m | young shy dreamy | does: <hid> behind a curtain; <bowed> a little too low; <tripped> over {A.his} cape | likes: reading under the table; riding a fat pony | eats: honey bread
knight    | grown person | brave tired rusty | does: <clanked> with every step; <lifted> {A.his} visor; <polished> {A.his} shield with {A.his} sleeve | likes: sleeping under trees; rescuing things | eats: onion soup
wizard    | grown person magic m | old forgetful grumpy | does: <lost> {A.his} hat and <found> it on {A.his} head; <mumbled> into {A.his} beard; <waved> a crooked wand | likes: mixing smelly drinks; reading by moonlight | eats: toadstool soup
witch     | grown person magic f | old kind cunning | does: <stirred> the air with one finger; <cackled> softly; <leaned> on {A.his} broom | likes: collecting herbs; flying low over ponds | eats: nettle soup
giant     | grown magic big | gentle shy sleepy | does: <stepped> over a fence without noticing; <sat> down, and the ground <shook>; <scratched> {A.his} head with a tree | likes: watching ships; humming so low that stones shake | eats: a whole pumpkin
fox       | animal wild | red clever young hungry | does: <flicked> {A.his} tail; <sniffed> at the wind; <slipped> through the tall grass | likes: chasing leaves; digging dens | eats: blackberries
rabbit    | animal wild small | brown white shy quick | does: <wiggled> {A.his} nose; <thumped> the ground with one foot; <pricked> up {A.his} ears | likes: nibbling clover; hopping in the dew | eats: clover
bear      | animal wild big | brown big sleepy gentle | does: <scratched> {A.his} back on a tree; <yawned> so wide that a bird <flew> off; <licked> {A.his} paw | likes: sleeping in the sun; looking for honey | eats: honey
mouse     | animal small | grey tiny brave timid | does: <twitched> {A.his} whiskers; <peeked> out from under a leaf; <cleaned> {A.his} ears | likes: collecting crumbs; listening at walls | eats: a crumb of cheese
hedgehog  | animal wild small | prickly small shy | does: <rolled> into a ball and out again; <snuffled> among the leaves; <shook> a leaf from {A.his} spines | likes: walking at night; sleeping in leaves | eats: a fallen pear
owl       | animal bird wild | old wise grey | does: <turned> {A.his} head all the way round; <blinked> slowly; <fluffed> up {A.his} feathers | likes: counting stars; sitting very still | eats: toasted acorns
duck      | animal bird farm swims | white plump cheerful | does: <shook> the water from {A.his} feathers; <waddled> in a circle; <quacked> at nothing at all | likes: splashing; swimming in the rain | eats: pondweed
frog      | animal small swims wild | green fat jumpy | does: <puffed> up {A.his} cheeks; <jumped> over {A.his} own shadow; <blinked> with one eye after the other | likes: singing at night; sitting on lily pads | eats: a dish of peas
cat       | animal pet | black grey striped lazy proud | does: <stretched> one leg after the other; <licked> {A.his} paw; <curled> {A.his} tail around {A.his} feet | likes: lying on warm stones; looking down from roofs | eats: a saucer of cream
dog       | animal pet | brown shaggy loyal young | does: <wagged> {A.his} tail; <chased> {A.his} own tail; <barked> at a passing cloud | likes: digging holes; fetching sticks | eats: a bone
squirrel  | animal wild small | red busy quick | does: <ran> up a trunk and down again; <hid> a nut and <forgot> where; <flicked> {A.his} bushy tail | likes: hiding nuts; jumping from branch to branch | eats: hazelnuts
badger    | animal wild | old striped grumpy | does: <grumbled> under {A.his} breath; <dug> a little hole for no reason; <rubbed> {A.his} eyes | likes: tidying {A.his} den; sleeping late | eats: roots and mushrooms
goose     | animal bird farm | white proud loud | does: <stretched> {A.his} long neck; <hissed> at {A.his} own shadow; <marched> up and down | likes: walking in front; being right | eats: wet grass
otter     | animal wild swims | playful sleek young | does: <slid> down the bank on {A.his} belly; <juggled> a pebble; <shook> {A.his} wet fur | likes: sliding in the mud; floating on {A.his} back | eats: water cress
mole      | animal wild small | velvety shy polite | does: <blinked> in the light; <brushed> the earth from {A.his} nose; <felt> the ground with {A.his} paws | likes: digging; visiting neighbours from below | eats: dandelion roots
sparrow   | animal bird small | brown cheeky tiny | does: <hopped> from twig to twig; <chirped> three times; <took> a quick bath in the dust | likes: gossiping; stealing crumbs | eats: seeds
turtle    | animal swims | slow old patient | does: <pulled> {A.his} head in and out again; <chewed> on a leaf; <took> one slow step | likes: taking {A.his} time; lying in the sun | eats: a lettuce leaf
goat      | animal farm | white stubborn bearded | does: <chewed> on a rope; <stamped> {A.his} hoof; <jumped> onto a rock | likes: climbing; eating what is not for eating | eats: a thistle
pony      | animal farm big | brown fat gentle | does: <shook> {A.his} mane; <scraped> the ground with a hoof; <snorted> softly | likes: trotting in the morning; rolling in the grass | eats: an apple
hen       | animal bird farm f | brown speckled fussy | does: <scratched> in the dirt; <clucked> to {A.himself}; <ruffled> {A.his} feathers | likes: dust baths; keeping order | eats: corn
pig       | animal farm | pink round muddy | does: <grunted> happily; <rubbed> {A.his} back on a post; <sniffed> at everything | likes: lying in mud; second breakfasts | eats: potato peels
donkey    | animal farm | grey stubborn patient | does: <wiggled> {A.his} long ears; <refused> to take another step, and then <took> one; <sighed> through {A.his} nose | likes: standing in the shade; being left alone | eats: a carrot
crow      | animal bird wild | black clever old | does: <tilted> {A.his} head; <cawed> twice; <picked> up a straw and <dropped> it | likes: collecting shiny things; watching everyone | eats: walnuts
wolf      | animal wild big | grey lonely thin | does: <lifted> {A.his} head and listened; <trotted> in a circle; <howled> very softly | likes: running by moonlight; singing with the wind | eats: mushroom stew
beaver    | animal wild swims | busy brown sturdy | does: <slapped> the ground with {A.his} tail; <gnawed> on a twig; <measured> a log with {A.his} paws | likes: building; being busy | eats: willow bark
snail     | animal small | slow tiny patient | does: <stretched> out {A.his} horns; <left> a silver line behind; <rested> under a leaf | likes: rainy days; taking {A.his} house along | eats: a cabbage leaf
bat       | animal small wild | black tiny shy | does: <folded> {A.his} wings; <hung> upside down for a moment; <squeaked> so high that nobody <heard> | likes: the dark; flying zigzag | eats: ripe figs
elephant  | animal big | grey gentle young | does: <swung> {A.his} trunk; <flapped> {A.his} ears; <stepped> carefully around a beetle | likes: spraying water; remembering things | eats: bananas
lion      | animal big | golden proud sleepy | does: <shook> {A.his} mane; <yawned> and <showed> all {A.his} teeth; <flicked> a fly away with {A.his} tail | likes: sleeping at noon; being admired | eats: pancakes
monkey    | animal | small cheeky brown | does: <swung> from {A.his} tail; <scratched> {A.his} ear with {A.his} foot; <made> a face | likes: copying others; hanging upside down | eats: a banana
penguin   | animal bird swims | small neat proud | does: <waddled> in a straight line; <slid> a little way on {A.his} belly; <bowed> politely | likes: sliding on ice; standing in a row | eats: cold porridge
dragon    | magic big | small green old shy | does: <blew> a ring of smoke; <folded> {A.his} wings; <hiccupped>, and a spark <flew> out | likes: sleeping on warm stones; toasting bread | eats: hot pepper soup
robot     | magic n | little tin rusty new | does: <beeped> twice; <turned> {A.his} head with a squeak; <blinked> with a green light | likes: counting things; being oiled | eats: a drop of oil
snowman   | magic m | round cold friendly | does: <straightened> {A.his} carrot nose; <shook> the snow from {A.his} shoulders; <tipped> {A.his} hat | likes: frosty mornings; standing still | eats: ice
fairy     | magic small f | tiny bright quick | does: <shook> the dust from {A.his} wings; <sat> on a blade of grass; <spun> around on one toe | likes: dancing on water drops; hiding in flowers | eats: a drop of nectar
elf       | magic small | tiny merry nimble | does: <pulled> at {A.his} pointed ear; <balanced> on a twig; <laughed> like a little bell | likes: playing tricks; mending things at night | eats: sweet chestnuts
"""
