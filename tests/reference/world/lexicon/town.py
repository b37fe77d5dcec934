"""The town: its trades, shops and streets, and the things of school, market and home."""
KINDS = """
mayor | grown person townfolk | round busy proud | does: <straightened> {A.his} golden chain; <shook> hands with a lamp post by mistake; <looked> at {A.his} watch | likes: long speeches; cutting ribbons | eats: a slice of roast
greengrocer | grown person townfolk | cheerful loud kind | does: <polished> an apple on {A.his} sleeve; <weighed> three potatoes; <built> a tower of oranges | likes: ripe tomatoes; talking to customers | eats: a raw carrot
barber | grown person townfolk | thin talkative neat | does: <snipped> the air with {A.his} scissors; <combed> {A.his} mustache; <shook> out a white cloth | likes: news from everywhere; shiny mirrors | eats: a ham roll
seamstress | grown person f townfolk tailorfolk | quiet kind patient | does: <bit> off a thread; <stuck> three pins into {A.his} sleeve; <smoothed> a piece of cloth | likes: blue silk; a sharp needle | eats: tea and toast
hatmaker | grown person townfolk | merry odd old | does: <tried> on two hats at once; <steamed> a brim; <put> a feather behind {A.his} ear | likes: tall hats; windy days | eats: mushroom pie
flower seller | grown person townfolk | gentle young poor | does: <sprinkled> water on the roses; <tied> a bunch of violets; <blew> on {A.his} cold fingers | likes: the smell of lilies; early mornings | eats: a bun
street sweeper | grown person townfolk | quiet old friendly | does: <leaned> on {A.his} broom; <swept> the same corner twice; <found> a button and <put> it into {A.his} pocket | likes: empty streets; finding lost things | eats: a cold pancake
lamplighter | grown person m townfolk | tall old quiet | does: <lifted> {A.his} long pole; <counted> the lamps; <looked> at the evening sky | likes: dusk; cats on walls | eats: hot chestnuts
organ grinder | grown person townfolk | old merry poor | does: <turned> the handle of {A.his} organ; <tipped> {A.his} hat; <fed> a nut to a sparrow | likes: children who dance; old waltzes | eats: soup from a tin
neighbor | grown person townfolk neighborfolk | nosy kind old | does: <looked> over the fence; <watered> the flowers on the sill; <shook> out a rug | likes: knowing everything; a cup of coffee | eats: plum cake
pupil | child pupilfolk | clever shy cheerful new | does: <chewed> on a pencil; <sharpened> three pencils; <looked> out of the window | likes: the last hour of school; drawing in the margin | eats: a cheese sandwich
choirboy | child m pupilfolk | small pale merry | does: <hummed> a high note; <pulled> at {A.his} collar; <swung> {A.his} legs | likes: echoes; candy in church | eats: a peppermint
paper girl | child f townfolk | quick brave small | does: <threw> a newspaper onto a doorstep; <rang> {A.his} bicycle bell; <blew> the hair out of {A.his} face | likes: riding fast; the quiet of the morning | eats: a jam roll
school cook | grown person townfolk | strict round kind | does: <banged> on a pot; <tasted> the soup; <wiped> the steam from {A.his} glasses | likes: empty plates; big ladles | eats: porridge
guinea hen | animal bird farm | speckled fussy loud | does: <ran> in a circle; <pecked> at a shoelace; <shook> {A.his} spotted feathers | likes: being first; warm dust | eats: barley
poodle | animal pet townpet | white proud curly | does: <trotted> with {A.his} nose in the air; <shook> {A.his} curls; <sat> down on the cleanest stone | likes: being brushed; cafes | eats: a biscuit
canary | animal bird pet small townpet | yellow cheerful tiny | does: <sang> a short song; <hopped> from perch to perch; <tilted> {A.his} head | likes: open windows; piano music | eats: millet
tomcat | animal pet m townpet | fat black old | does: <walked> along the top of the wall; <blinked> in the sun; <sharpened> {A.his} claws on a post | likes: fish day; warm chimneys | eats: a sardine
"""
THINGS = """
schoolbag | carry hold townthing | colour old heavy | use: carry books in it; hang it on the hook
satchel | carry hold townthing | brown leather | use: keep letters in it; sling it over the shoulder
inkwell | carry break small townthing | glass blue | use: dip a pen into it; make blots with it
ruler | carry tool townthing | wooden long | use: draw straight lines with it; measure a nose with it
piece of chalk | carry small townthing | white pink | use: draw on the sidewalk with it; write on the board with it
slate | carry break townthing | black old | use: write sums on it; draw a face on it
paint box | carry hold townthing | new tin | use: paint the sky with it; mix green with it
pencil case | carry hold townthing | colour striped | use: keep pencils in it; zip it up and down
alarm clock | carry break townthing | loud red | use: wake up with it; set it for seven
pocket watch | carry precious shine townthing | silver golden | use: tell the time with it; hear it tick
spool of thread | carry small townthing | colour | use: sew on a button with it; tie a knot with it
tape measure | carry tool soft townthing | yellow long | use: measure the cat with it; measure cloth with it
pin cushion | carry small soft townthing | colour velvet | use: keep needles in it; sew beside it
stamp | carry small paper townthing | rare colour | use: send a letter with it; put it in an album
parcel | carry paper townthing | brown big little | use: send it to an aunt; shake it and guess
party hat | carry wear paper townthing | pointed colour | use: wear it at the party; make everybody laugh with it
paper crown | carry wear paper townthing | golden | use: be king in it; wear it at breakfast
paper lantern | carry light paper townthing | colour round | use: carry it through the town; hang it in a tree
cookie tin | carry hold townthing | round old | use: keep cookies in it; drum on it
gingerbread heart | carry food townthing | big sweet | use: give it to a friend; nibble at it
pretzel | carry food townthing | warm salty big | use: eat it with butter; look through it
cream cake | food townthing | tall pink | use: cut it into twelve pieces; put candles on it
sugar bowl | carry break kitchen townthing | white china | use: sweeten the tea from it; pass it round the table
milk jug | carry break kitchen hold townthing | blue white | use: pour milk from it; put flowers in it
piggy bank | carry break hold townthing | pink | use: save pennies in it; shake it and listen
hair ribbon | carry wear soft townthing | colour silk | use: tie up a braid with it; mark a page with it
school bell | carry music townthing | brass loud | use: call the children with it; end the lesson with it
picture frame | carry wood break townthing | golden wooden | use: put a picture in it; hang it in the hall
flower pot | carry break hold townthing | red clay | use: grow beans in it; put it on the sill
birdcage | carry hold townthing | empty golden | use: keep a plant in it; hang it by the window
roller skate | carry toy townthing | single old | use: roll down the street on it; pull it on a string
bicycle bell | carry music small townthing | shiny | use: ring it at the corner; frighten pigeons with it
ticket | carry small paper townthing | yellow | use: go to the theater with it; ride the tram with it
shopping list | carry paper small townthing | long crumpled | use: buy everything on it; make a paper boat of it
calendar | paper carry townthing | new old | use: count the days on it; hang it in the kitchen
dictionary | carry paper townthing | fat old | use: look up long words in it; press flowers in it
top hat | carry wear townthing | black tall | use: wear it to a wedding; keep a rabbit in it
"""
PLACES = """
post office | walk indoors town street | at | see: letters in every box; a long line of people; a pair of brass scales | do: <licked> a stamp; <read> the names on the parcels; <waited> in line
town hall | walk indoors town street | at | see: portraits of old mayors; a marble stair; a clerk with an ink spot on the nose | do: <walked> up the wide stairs; <whispered>, because everybody whispered; <slid> down the banister
clock tower | walk indoors high town clock_tower_p | in | see: wheels as tall as a man; pigeons on the beams; the roofs of the whole town | do: <listened> to the ticking; <counted> the steps; <watched> the big hand move
tailor's shop | walk indoors town warm street tailor_p | in | see: rolls of cloth; a coat without sleeves; pins on the floor | do: <felt> the soft cloth; <picked> up a button; <looked> into the long mirror
barber shop | walk indoors town street | in | see: bottles in all colors; a man with foam on his chin; a red chair | do: <turned> around in the chair; <sniffed> the soap; <read> an old newspaper
flower shop | walk indoors town street | in | see: buckets of tulips; a cactus with a hat; a bee at the window | do: <smelled> the lilies; <chose> a daisy; <counted> the roses
fire station | walk indoors town street | at | see: a red engine; helmets in a row; a long shiny pole | do: <polished> a helmet; <slid> down the pole; <rang> the brass bell
classroom | walk indoors town schoolplace | in | see: a globe; a sum on the board; a fish tank by the window | do: <looked> out of the window; <sharpened> a pencil; <opened> a book
schoolyard | walk outdoors town schoolplace | in | see: children with a rope; a ball on the roof; chalk marks on the ground | do: <jumped> over the rope; <played> tag; <sat> on the wall
main street | live walk outdoors town street | in | see: a tram with a bell; a lady with five dogs; lights in the shop windows | do: <looked> into the windows; <hopped> over the cracks; <waved> at the tram
bus stop | walk outdoors town street | at | see: a man asleep on the bench; a torn poster; a dog waiting for somebody | do: <read> the timetable; <waited> a while; <counted> the cars
theater | walk indoors town dark | in | see: red curtains; rows of empty seats; a painted moon | do: <sat> down in the first row; <tried> on a crown; <bowed> to the empty seats
candy shop | walk indoors town warm street | in | see: jars up to the ceiling; a mountain of toffee; children with their noses on the glass | do: <tasted> a lemon drop; <counted> pennies; <breathed> in the smell of sugar
back yard | walk outdoors town | in | see: washing on a line; a bicycle without a saddle; a cat on a bin | do: <kicked> a ball against the wall; <looked> up at the windows; <sat> down on a box
corner shop | live walk indoors town street | at | see: a pyramid of cans; a jar of pickles; a bell over the door | do: <rang> the bell over the door; <bought> a roll; <talked> with the shopkeeper
bandstand | walk outdoors town | at | see: a man with a tuba; dancing couples; a row of gold chairs | do: <listened> to the band; <danced> a few steps; <ran> around it three times
ice rink | walk outdoors town cold | on | see: skaters in a long line; a boy sitting on the ice; colored lamps | do: <slid> across the ice; <held> on to the rail; <turned> in a circle
street corner | walk outdoors town street | at | see: an organ grinder; a newspaper stand; a puddle as big as a carpet | do: <waited> for the tram; <listened> to the organ; <jumped> over the puddle
"""
LISTS = {
    "townhobby": """watch the trams go by|look into shop windows|count the bicycles|play hopscotch|collect buttons|know all the news|ring doorbells|feed the pigeons
        carry parcels for the neighbors|draw on the sidewalk|listen to the town clock|help at the market|read the names on the doors|try on hats""",
    "townwish": """be the mayor for one day|ride on the fire engine|have a shop|bake a cake as tall as a house|win a prize|sing on a stage|learn to make clocks
        have a key to the clock tower|drive the tram|be known all over town""",
    "talent": """walk on two hands|whistle like a nightingale|draw horses like real ones|juggle five apples|play the violin|do the longest sums without paper|fold a swan out of paper
        tell tales to a whole room|climb a rope like a squirrel|imitate every animal""",
    "playrole": "a tree|the moon|the back half of a horse|a cloud|the third sheep|a mushroom|the wind|a rock",
    "playname": "The Sleeping King|The Golden Goose|The Lost Princess|The Dragon Who Sneezed|The Three Winds|The Moon Thief|The Frog and the Crown",
    "cake": """a nut cake|a cherry cake|a lemon cake|a chocolate cake|an apple cake|a plum cake|a honey cake|a carrot cake|a poppy seed cake|a cheesecake""",
    "bprize": "a golden spoon|a silver whisk|a blue ribbon|a new rolling pin|a sack of sugar|a crown of gingerbread|a medal as big as a plate",
    "goodnews": """there is a new baby in the family, a girl with red hair|a brother is coming home at last|there is a house by the lake for them|grandfather is well again|they will all come for the summer
        the lost dog is back""",
    "townsight": """a tram with only one passenger|a man carrying a mirror|two nuns on one bicycle|a dog with a newspaper|a hat rolling down the street|a piano in the middle of the road
        a lady with six hatboxes|a boy on stilts|a cart full of cabbages|a wedding|an open window with a cake in it|a chimney sweep on a roof""",
    "partything": "paper lanterns|balloons|a cake with candles|paper hats for everybody|a song with seven verses|a table full of cookies",
    "clockcause": "a ball of string|a lost umbrella|a piece of cheese|an old broom|a red kite|a wooden shoe|a glove|a walnut",
}
NAMES = {
    "f": "Adelaide Agatha Annabel Antonia Augusta Belinda Blanche Bridget Camilla Charlotte Clementine Constance Cordelia Dorothy Edwina Eleanor Emmeline Ernestine Eugenia Florence Georgina Henrietta Hortense Isabel Josephine Judith Lavinia Leonora Lucinda Marjorie Millicent Minerva Octavia Penelope Philippa Rosalind Theodora Winifred",
    "m": "Ambrose Archibald Bartholomew Benedict Bernard Clarence Claude Clifford Cuthbert Desmond Dexter Dominic Douglas Edmund Emmett Eugene Franklin Geoffrey Godfrey Graham Hubert Humphrey Irving Jerome Leopold Lionel Montague Neville Nigel Oswald Reginald Roderick Rupert Sebastian Stanley Thaddeus Theodore Vincent Wilfred Winston",
    "n": "Penny Ticket Tuppence Nickel Chalky Blotch Inky Doodle Scribble Snip Patches Stitch Tassel Trinket Pretzel Crumpet Bagel Brioche Dumpling Tickle",
}
