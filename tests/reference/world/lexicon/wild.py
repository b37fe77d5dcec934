"""Forest and farm: animals, things that they gather and build with, places where they live, lists and names."""
KINDS = """
dormouse  | animal wild small | sleepy little brown | does: <yawned> and <curled> up for a moment; <nibbled> at a hazelnut; <held> on to {A.his} own tail | likes: a nest lined with moss; sleeping through the cold | eats: a hazelnut; a ripe blackberry
marten    | animal wild | quick brown clever | does: <ran> along a branch; <leapt> from one tree to the next; <listened> with {A.his} head on one side | likes: high branches; moonlit nights | eats: a handful of berries; a plum
stoat     | animal wild small | slim quick brown | does: <stood> up on {A.his} hind legs; <slipped> between two stones; <danced> in a circle | likes: stone walls; fresh snow | eats: a bit of cheese
wild boar | animal wild big | bristly grumpy strong | does: <dug> in the ground with {A.his} nose; <grunted> softly; <rubbed> {A.his} back on a tree | likes: deep mud; fallen acorns | eats: acorns; roots
field mouse | animal wild small | tiny brown busy | does: <cleaned> {A.his} whiskers; <ran> along a furrow; <sat> up on {A.his} hind legs | likes: ripe wheat; warm holes | eats: a grain of wheat; a sunflower seed
jay       | animal bird wild | noisy colourful curious | does: <screeched> so that the whole wood <knew/it>; <hid> an acorn under a leaf; <flashed> {A.his} blue feathers | likes: being the first to know; hiding acorns | eats: acorns; a beetle
nightingale | animal bird wild small | brown shy gentle | does: <sang> three soft notes; <hid> among the leaves; <tilted> {A.his} head | likes: quiet summer nights; songs | eats: a berry; some ants
blackbird | animal bird wild | cheerful young shy | does: <pulled> at a worm; <sang> from the top of a bush; <hopped> over the grass | likes: wet lawns; evening songs | eats: a cherry; a worm
starling  | animal bird small | shiny noisy young | does: <whistled> like a kettle; <shook> {A.his} shiny feathers; <chattered> without a pause | likes: flying in a big flock; ripe cherries | eats: a cherry; a grub
finch     | animal bird small wild | tiny bright cheerful | does: <cracked> a seed; <swung> on a thistle; <chirped> at the sun | likes: thistles; company | eats: thistle seeds
magpie chick | animal bird small | fluffy noisy hungry | does: <opened> {A.his} beak wide; <flapped> {A.his} short wings; <looked> for something that shone | likes: shiny things; being fed | eats: a soft worm
bumblebee | animal small | round fuzzy busy | does: <buzzed> from flower to flower; <brushed> the dust from {A.his} legs; <bumped> into a bell flower | likes: clover; warm mornings | eats: a drop of nectar
stag      | animal wild big m | proud tall old | does: <lifted> {A.his} great head; <scraped> the moss with one hoof; <listened> into the wood | likes: misty mornings; quiet clearings | eats: fresh leaves; moss
fawn      | animal wild | spotted shy young | does: <trembled> on {A.his} thin legs; <licked> the dew from a leaf; <hid> in the fern | likes: {A.his} mother; soft grass | eats: fresh leaves
piglet    | animal farm small | pink muddy cheerful | does: <squealed> with joy; <rolled> in a puddle; <pushed> {A.his} nose into the straw | likes: mud; being scratched behind the ear | eats: a boiled potato; apple peel
billy goat | animal farm m | white stubborn bearded | does: <shook> {A.his} beard; <climbed> on a barrel; <chewed> on a bit of rope | likes: high places; other people's washing | eats: a thistle; half a hat
farm cat  | animal farm pet | striped sly lazy | does: <washed> one ear; <stretched> in the straw; <watched> a hole in the wall | likes: warm milk; the hay loft | eats: a saucer of milk
sheepdog  | animal farm pet | shaggy loyal old | does: <counted> the sheep; <barked> twice; <lay> down with one eye open | likes: running around the flock; order | eats: a bone; cold meat
toadlet   | animal small swims | tiny wet curious | does: <hopped> over a straw; <blinked> in the light; <puffed> {A.himself} up | likes: rain; the shade under leaves | eats: a gnat
kingfisher | animal bird wild | bright blue quick | does: <dived> into the water and out again; <sat> very still above the stream; <shook> a drop from {A.his} beak | likes: clear streams; silence | eats: a tiny fish
water rat | animal wild swims | brown busy friendly | does: <dived> under a root; <combed> {A.his} wet fur; <gnawed> at a reed | likes: muddy banks; little boats | eats: a reed stem; water cress
glow-worm | animal small | tiny shy green | does: <glowed> a little brighter; <climbed> up a blade of grass; <put> out {A.his} light and <lit> it again | likes: dark hedges; warm nights | eats: a drop of dew
"""

THINGS = """
hazelnut  | carry food small wild_store | brown round big | use: crack it with a stone; keep it for the winter
chestnut  | carry food small wild_store | brown shiny fat | use: roast it in the fire; roll it down a hill
walnut    | carry food small wild_store | hard round big | use: crack it; make a little boat from its shell
blackberry | carry food small | black ripe sweet | use: eat it; make jam of it
plum      | carry food small | blue ripe soft | use: eat it; dry it for the winter
ear of corn | carry food wild_store | yellow golden fat | use: roast it; feed the hens with it
bundle of hay | carry soft | big dry sweet | use: sleep on it; feed the pony with it
twig      | carry small wood | thin crooked dry | use: build with it; draw in the mud with it
heap of moss | carry soft | soft green damp | use: stuff the cracks with it; sleep on it
bird whistle | carry music small toy | clay wooden little | use: call the birds with it; blow it at sunrise
bell collar | carry wear music | leather red little | use: wear it around the neck; hear it ring at every step
milk can  | carry hold | tin old heavy | use: carry milk in it; cool it in the stream
egg basket | carry hold | wicker round old | use: carry eggs in it; line it with straw
honey pot | carry hold food break | clay brown full | use: keep honey in it; lick it clean
snail shell | carry small shine | striped yellow empty | use: blow on it; keep a drop of water in it
leaf boat | carry toy small water | green little | use: float it down the stream; race it against the ducks
log       | wood | hollow mossy thick | use: sit on it; cross the stream on it
straw hat | carry wear | old yellow wide | use: keep the sun off with it; wear it in the field
hay fork  | carry tool | long wooden old | use: turn the hay with it; lean on it
shepherd's crook | carry tool wood | long old bent | use: catch a lamb with it; lean on it
cow bell  | carry music | brass big loud | use: ring it; find the cow by it
wreath of daisies | carry wear | white little pretty | use: wear it on the head; hang it on the door
nutcracker | carry tool | wooden iron old | use: crack nuts with it; frighten the cat with it
seed bag  | carry hold | little cloth full | use: keep seeds in it; carry it to the field
acorn cup | carry small hold | tiny brown | use: drink dew from it; wear it as a hat
"""

PLACES = """
clearing  | live walk outdoors wild | in | see: a deer lifting its head; a patch of sunlight; foxgloves in a row | do: <sat> down in the sun; <listened> to the wood; <picked> a wild strawberry
hollow tree | live walk indoors wild home | in | see: a heap of nutshells; an owl's feather; a beetle on the wall | do: <crept> right to the back; <knocked> on the wood; <slept> a little
fox den   | walk indoors wild dark | in | see: a worn old bone; roots hanging from the roof; two shining eyes | do: <crept> in on tiptoe; <sniffed> at the earth; <called> softly
beaver dam | live walk outdoors water wild | by | see: gnawed trees; a pool as smooth as glass; sticks piled high | do: <walked> across the sticks; <listened> to the water; <looked> for fish
reed bed  | live walk outdoors water wild | in | see: a nest on the water; a heron on one leg; a dragonfly on a reed | do: <hid> among the reeds; <blew> on a blade of grass; <waded> up to the knees
chicken coop | live walk indoors warm | in | see: three white eggs; feathers in the air; a row of sleeping hens | do: <looked> for eggs; <sat> down in the straw; <spread> a little corn
cow shed  | walk indoors warm | in | see: a cow with long lashes; a swallow's nest; a stool with three legs | do: <listened> to the chewing; <leaned> against the warm cow; <carried> in some hay
sheep pasture | live walk outdoors | on | see: jumping lambs; wool on a thorn; a shepherd asleep | do: <counted> the sheep; <lay> down in the clover; <opened> the gate and <shut> it again
hedge     | walk outdoors wild | by | see: a wren's nest; red berries; a hedgehog's tracks | do: <ate> a few berries; <crept> through a gap; <looked> for nests
stream    | walk outdoors water wild | by | see: a trout behind a stone; a water wheel of sticks; smooth white pebbles | do: <drank> some cool water; <jumped> from stone to stone; <built> a small dam
wheat field | walk outdoors | in | see: poppies among the wheat; a mouse nest on a stalk; a lark above | do: <ran> along the edge; <rubbed> an ear of wheat between {A.his} fingers; <hid> among the stalks
berry patch | walk outdoors wild | in | see: branches full of berries; a bear's track; a thrush with a red beak | do: <ate> a ripe berry; <looked> under the leaves; <scratched> {A.himself} on a thorn
pine wood | live walk outdoors wild dark | in | see: an ant hill as high as a table; cones on the path; a squirrel's tail | do: <walked> on the soft needles; <smelled> the resin; <threw> a cone
anthill   | walk outdoors wild | by | see: a thousand busy ants; a caterpillar on the backs of the ants; a tiny road | do: <lay> down to watch; <put> down a crumb; <stepped> carefully around it
hen yard  | walk outdoors | in | see: a rooster on the dung heap; chicks in a row; a bowl of corn | do: <chased> a feather; <fed> the chicks; <filled> the water bowl
"""

LISTS = {
    "store": "acorns|hazelnuts|walnuts|dried plums|seeds|chestnuts|beechnuts|grains of wheat|sunflower seeds|dried berries|rose hips|dried mushrooms",
    "treat": "blackberries|raspberries|wild strawberries|gooseberries|ripe plums|sweet pears|blueberries|cherries|sugar peas|fallen apples",
    "idle": "danced in the sun|lay in the grass and sang|made music on a blade of grass|slept in the shade|chased butterflies|floated on the pond|blew dandelions",
    "weak": "dry leaves|feathers|thin twigs|old newspapers|reeds|pine needles|dandelion stalks|stalks of grass|corn husks",
    "strong": "stones and clay|thick branches|old bricks|logs and moss|mud and sticks|flat stones",
    "noise": "a scratching on the wall|a long, low moan|a tapping at the window|a creak on the stairs|a hooting from the dark|a rattle at the door|a hiss behind the wood|a soft thump, thump, thump",
    "peeping": "Peep, peep|Cheep, cheep|Wee, wee|Eep, eep",
    "boasting": "I am the fastest of all|Nobody can catch me|I am faster than the wind|My legs are the best in the land|Even my shadow is slower than I am",
    "crop": "sunflower|pumpkin|apple tree|pear tree|cherry tree|rose bush|cabbage|tomato plant|strawberry plant|bean plant|plum tree",
}

NAMES = {
    "f": "Brisa Calla Fenna Linnet Marnie Senna Tawny Willow Sylvie Merle Ottilie Rilla Dove Celandine Elowen Myrtle Primrose Clementine Fawna Lark",
    "m": "Bram Corby Dunstan Fergus Grover Heath Larkin Oakley Reed Rowland Wolfram Barnaby Ambrose Hobart Jorge Thaddeus Ferris Tobin Ulf Corwin",
    "n": "Burdock Chicory Dandelion Hopper Nuthatch Quickpaw Longear Softfoot Rumble Scamper Speckle Stripe Snuffle Thicket Tuft Whisk Old_Moss Little_Thorn "
         "Beechnut Cobweb Nettle Plumtail Barley Clover_Jack Hazelnut Mistletoe Brindle Freckle Puffball Tangle",
}
