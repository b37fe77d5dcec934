"""The sea: its people and animals, harbours and shores, and the things that one finds there."""
KINDS = """
cabin boy | child m seafolk | small brave cheerful | does: <coiled> a rope; <whistled> a sailor's tune; <shaded> {A.his} eyes and <looked> out to sea | likes: climbing the mast; sleeping in a hammock | eats: a ship's biscuit
net mender | grown person seafolk | old patient quiet | does: <pulled> a knot tight; <counted> the holes in a net; <rubbed> {A.his} sore fingers | likes: sitting in the sun with a net; singing old songs | eats: smoked fish
boat builder | grown person seafolk builder | strong careful old | does: <smoothed> a plank; <shook> the sawdust from {A.his} sleeves; <knocked> on the wood and <listened> | likes: the smell of fresh wood; seeing a boat float for the first time | eats: bread and onions
light keeper | grown person seafolk lightkeeper | old kind lonely | does: <polished> the glass of the lamp; <wrote> the weather in a book; <counted> the ships far out | likes: quiet nights; strong tea | eats: bean soup
harbor master | grown person seafolk | strict tall busy | does: <rang> the harbor bell; <wrote> something in a thick book; <looked> at the clock | likes: ships that come on time; a tidy harbor | eats: a boiled egg
fishwife | grown person f seafolk | loud merry round | does: <called> out the price of herring; <wiped> {A.his} hands on {A.his} apron; <laughed> out loud | likes: a good talk; a full basket of fish | eats: fried herring
mermaid | magic f seaborn swims | young shy curious | does: <combed> {A.his} long hair; <splashed> with {A.his} tail; <dived> down and <came> up again | likes: shells with pearls in them; songs from the shore | eats: sea grapes
puffin | animal bird seaborn | small round funny | does: <clapped> {A.his} bright beak; <waddled> along the edge of the cliff; <flapped> very fast | likes: windy cliffs; diving | eats: a little silver fish
cormorant | animal bird seaborn | black thin patient | does: <held> out {A.his} wings to dry; <dived> and <came> up far away; <stretched> {A.his} neck | likes: sitting on posts; deep water | eats: an eel
hermit crab | animal small seaborn | shy tiny careful | does: <pulled> {A.his} legs into {A.his} shell; <walked> sideways; <tapped> at an empty shell | likes: trying on new shells; rock pools | eats: a bit of seaweed
sea otter | animal seaborn swims | playful wet brown | does: <floated> on {A.his} back; <cracked> a mussel with a stone; <rolled> over in the water | likes: holding paws; sleeping in the seaweed | eats: a mussel
manatee | animal seaborn swims big | slow gentle grey | does: <floated> very slowly in a circle; <blew> bubbles; <chewed> on sea grass | likes: warm water; taking a nap | eats: sea grass
young whale | animal seaborn swims big young_whale | | does: <blew> a little fountain; <slapped> the water with {A.his} tail; <hummed> so low that the stones shook | likes: deep water; long songs | eats: a thousand tiny shrimps
hermit sailor | grown person seaowner | old thin brown | does: <scratched> {A.his} beard; <leaned> on {A.his} stick; <looked> out to sea | likes: quiet islands; turtle songs | eats: roasted coconut
sandpiper | animal bird small seaborn | quick tiny brown | does: <ran> after a wave and away from the next; <poked> in the sand; <left> tiny footprints | likes: wet sand; running | eats: a sand flea
"""
THINGS = """
bottle of ink | carry break seathing | black blue | use: write a long letter with it; fill a pen from it
ship in a bottle | carry precious break seathing | tiny old | use: look at it by candlelight; dream of the sea with it
sailor's cap | carry wear seathing | blue white old | use: wear it on deck; wave it at the ships
captain's hat | carry wear seathing | black old | use: wear it on the bridge; bow with it
spyglass | carry tool shine seathing | brass long old | use: look for ships with it; watch the gulls with it
conch | carry music seathing | pink big | use: blow a deep note on it; hear the sea in it
starfish brooch | carry wear small precious seathing | silver golden | use: pin it to a coat; show it to the neighbors
piece of amber | carry precious small shine seathing | golden smooth | use: hold it up to the sun; keep it in a pocket
ship's bell | carry music shine seathing | brass old heavy | use: ring it at noon; call the crew with it
life ring | carry tool round seathing | white red | use: throw it to somebody in the water; float in it
rubber boot | carry wear seathing | yellow green single | use: carry water in it; walk through the mud in it
raincoat | carry wear seathing | yellow long | use: stay dry in it; wear it in a storm
shrimp net | carry tool seathing | long little | use: catch shrimps with it; fish a hat out of the water with it
model ship | carry toy wood break water seathing | little wooden | use: sail it in the tub; put it on the shelf
sand bucket | carry toy hold seathing | colour tin | use: build castles with it; carry shells in it
signal flag | carry seathing | red yellow | use: wave it at the ships; send a message with it
message bottle | carry break hold seathing | green old | use: send a letter across the sea with it
piece of driftwood | carry wood seathing | smooth grey | use: carve a fish from it; light a fire with it
hammock | carry soft seathing | striped old | use: sleep in it between two trees; rock in it
sea chart | carry paper seathing | old blue | use: find the islands with it; spread it on the table
logbook | carry paper seathing | thick old | use: write about the voyage in it; read about old voyages in it
glass float | carry round shine break seathing | green blue | use: hang it in the window; let it bob on the waves
wooden whale | carry toy wood seathing | little painted | use: let it swim in the tub; put it beside the bed
silver fish hook | carry tool small shine seathing | tiny new | use: catch a big fish with it
fog horn | carry music seathing | big brass | use: warn the ships with it; wake everybody up with it
pirate hat | carry wear toy seathing | black big | use: play pirates in it; wear it on holidays
coil of rope | carry tool seathing | thick long | use: tie up the boat with it; pull a wagon with it
jar of sea glass | carry shine hold seathing | full little | use: hold it against the light; make a necklace from it
pearl earring | carry wear small precious seathing | white single | use: wear it in one ear; look at it in the mirror
sail | soft seathing | white red patched | use: catch the wind with it; make a tent of it
"""
PLACES = """
pier | walk outdoors water sea | on | see: a girl with a fishing rod; boats tied to the posts; a jellyfish in the green water | do: <looked> down between the planks; <dangled> {A.his} feet over the water; <ran> to the very end
fishing village | live walk outdoors sea | in | see: nets on every fence; small white houses; a cat with a fish head | do: <walked> from door to door; <listened> to the women at the well; <watched> the boats come in
rocky bay | walk outdoors water sea wild | in | see: seals on the rocks; white foam; a wooden box between the stones | do: <climbed> over the wet rocks; <looked> for crabs; <threw> pebbles into the waves
cliff | walk outdoors high sea wild | on | see: puffins in a row; a sail on the horizon; the waves far below | do: <lay> down and <looked> over the edge; <felt> the wind; <counted> the ships
little cove | walk outdoors water sea | in | see: a rowing boat on the sand; shells as small as seeds; a green net | do: <gathered> shells; <waded> in the shallow water; <wrote> {A.his} name in the sand
boathouse | walk indoors sea | in | see: oars along the wall; a boat without paint; a swallow's nest | do: <breathed> in the smell of tar; <sat> down in an old boat; <counted> the oars
shipyard | walk outdoors sea town | at | see: the ribs of a new ship; men with hammers; a heap of yellow planks | do: <watched> the carpenters; <picked> up a curl of wood; <listened> to the hammers
fish market | walk outdoors sea town | at | see: silver fish on ice; a crab running away; baskets of mussels | do: <walked> between the baskets; <listened> to the fishwives; <held> {A.his} nose
sea wall | walk outdoors sea high | on | see: the grey water; two boys with a crab line; the tower of the lighthouse | do: <walked> along the top; <jumped> back from the spray; <looked> out to sea
rock pool | walk outdoors water sea | by | see: a starfish; a shrimp like glass; a crab under a stone | do: <put> one finger into the water; <turned> over a stone; <watched> a tiny fish
seaside town | live walk outdoors sea | in | see: a row of bathing huts; an ice cream cart; a band playing | do: <walked> along the front; <listened> to the band; <looked> at the hats in a window
dunes | walk outdoors sea wild | in | see: grass bending in the wind; a lizard; the blue line of the sea | do: <slid> down the sand; <sat> out of the wind; <looked> for footprints
sailors' inn | walk indoors warm sea town | at | see: a ship in a bottle on the shelf; sailors with pipes; a parrot on a perch | do: <sat> down by the stove; <listened> to a long tale about a whale; <drank> hot milk
coral beach | walk outdoors water sea | on | see: bright fish; a turtle's track; a coconut | do: <looked> into the clear water; <picked> up a piece of coral; <lay> down in the shade
ferry | outdoors water sea | on; onto the ferry | see: a gull on the rail; a cart full of cabbages; the shore getting smaller | do: <leaned> over the rail; <watched> the foam; <talked> to the ferryman
"""
LISTS = {
    "seahobby": """watch the ships come in|collect shells|listen to the waves|sail in small boats|count the gulls|look for things on the shore
        tell tales about pirates|fish from the pier|build castles of sand|draw ships|swim with the waves|sing sailors' songs""",
    "seawish": """sail around the world|see a whale|find a treasure|live in a lighthouse|have a boat|cross the sea|be the captain of a ship|sleep on a ship
        find a pearl|visit the far islands""",
    "seafind": """an old boot|a broken oar|a green glass ball|a wooden spoon|a piece of a blue plate|half a coconut|a long rope|a lost hat|an empty crate
        a smooth white bone|a rusty hook|a doll's shoe|a tangle of seaweed""",
    "ship": """the Silver Herring|the Brave Anna|the North Star|the Old Walrus|the Lucky Penny|the Blue Heron|the Merry Widow|the Morning Wind|the Sea Rose
        the Flying Puffin|the Red Lantern|the Good Hope""",
    "seatreasure": """golden coins|pearls as white as milk|old silver cups|crowns with green stones|stones as blue as the sea|a hundred glass marbles
        rings for every finger|bars of chocolate in silver paper|silver spoons|necklaces of amber""",
    "seatoken": """a little wooden whale|a shell with a hole in it|a picture of the harbor|a dried starfish|a blue ribbon|a drawing of a lighthouse|a round white stone
        a feather from a gull""",
    "seaprize": "a silver cup|a new sail|a golden anchor|a barrel of apples|a cake as big as a wheel|a brass bell|a blue flag with a star",
    "seafood": "fried fish|hot fish soup|mussels in broth|bread and smoked herring|crab cakes|pea soup|potatoes in their skins",
}
NAMES = {
    "f": "Marina Coralie Nerissa Morwenna Sanna Brita Annika Solveig Maren Oceane Ondine Delphine Talia Kerensa Lowenna Perla Sirena Muriel Doris Thora Gudrun Ragna Astrid Sunniva Linnea",
    "m": "Morgan Kelvin Dylan Murdo Angus Hamish Eskil Leif Torben Hauke Fiete Jannik Bosun Ahab Caspian Erling Haakon Sindre Knut Trygve Anders Piet Joost Wim Haldor",
    "n": "Coral Sandy Pearly Barnacle Limpet Kelp Foam Drizzle Shrimp Anchovy Driftwood Salty Tide Bubbles Cockle Periwinkle Mackerel Sprat Breeze Gale",
}
