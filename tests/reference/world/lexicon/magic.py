"""Kings, spells and talking things: who lives there, what they own, where they live, and what they say."""
KINDS = """
troll     | grown magic big m | mossy old grumpy lonely | does: <scratched> the moss on {A.his} back; <hummed> a deep note; <cracked> a stone between {A.his} fingers | likes: damp bridges; the sound of rain on stone | eats: pebble soup; a bucket of turnips
goblin    | magic small | green cunning cheeky | does: <counted> {A.his} coins; <giggled> behind {A.his} hand; <turned> a somersault | likes: bargains; shiny buttons | eats: a sour apple; toasted beetles
gnome     | magic small m | old bearded tiny cheerful | does: <tugged> at {A.his} beard; <straightened> {A.his} red cap; <tapped> the ground with a tiny hammer | likes: digging for crystals; strong tea | eats: a radish; a thimble of soup
genie     | magic big | blue sleepy proud ancient | does: <floated> a little above the ground; <folded> {A.his} great arms; <turned> to smoke and back again | likes: roomy lamps; polite people | eats: a bowl of steam; sugared dates
unicorn   | magic animal big | white shy young silver | does: <shook> {A.his} shining mane; <touched> a flower with {A.his} horn; <danced> on the spot | likes: quiet springs; moonlight | eats: white clover; an apple
phoenix   | magic animal bird | golden old proud | does: <glowed> like an ember; <spread> {A.his} golden wings; <dropped> a warm feather | likes: sunrise; dry wood | eats: cinnamon sticks; a hot chestnut
griffin   | magic animal big | golden fierce old | does: <sharpened> {A.his} beak on a rock; <folded> {A.his} wings; <growled> and <chirped> at the same time | likes: high towers; raw carrots | eats: a whole pumpkin
ogre      | grown magic big | hungry clumsy shy | does: <bumped> {A.his} head on a branch; <licked> {A.his} big spoon; <blushed> up to the ears | likes: big pots; being asked to dance | eats: a barrel of porridge
sorcerer  | grown person magic m | thin clever young | does: <turned> the pages of a heavy book; <snapped> {A.his} fingers until they <sparked>; <looked> into a glass ball | likes: difficult words; silence | eats: toast with stars of butter
sorceress | grown person magic f | wise proud young | does: <drew> a circle in the air; <whispered> to a flame; <lifted> one finger, and the wind <stopped> | likes: old books; thunder | eats: a slice of moon cake
imp       | magic small | red quick naughty | does: <hopped> from foot to foot; <pulled> a face; <hid> behind {A.his} own tail | likes: tricks; warm chimneys | eats: burnt toast; pepper
marsh light | magic small n | pale tiny shy | does: <flickered> softly; <danced> over the grass; <went> out and <came> back | likes: fog; being followed | eats: a sip of mist
court jester | grown person royal | merry thin clever | does: <jingled> the bells on {A.his} cap; <juggled> three spoons; <walked> on {A.his} hands | likes: bad jokes; making kings laugh | eats: leftovers from the king's table
squire    | child royal m | young eager skinny | does: <polished> a helmet; <tripped> over a lance; <saluted> much too quickly | likes: horses; tales of knights | eats: an onion pie
page      | child royal | small quick proud | does: <carried> a letter on a cushion; <bowed> to a door; <ran> down the long hall | likes: secrets; velvet shoes | eats: a honey tart
royal cook | grown person royal | round red hot-tempered | does: <waved> a ladle; <tasted> the sauce; <shouted> at a pot | likes: empty plates; saffron | eats: whatever is left
treasurer | grown person royal | thin careful grey | does: <counted> the coins again; <turned> the key twice; <wrote> down a number | likes: full chests; quiet | eats: dry bread
sandman   | grown magic m | tiny sleepy gentle | does: <sprinkled> a little sand; <walked> on tiptoe; <yawned> like a cat | likes: open windows; lullabies | eats: warm milk
wind spirit | windspirit magic | wild merry restless | does: <blew> a hat off somebody's head; <spun> round and round; <whistled> through a keyhole | likes: open doors; kites | eats: the smell of bread
star child | child magic | bright quiet little | does: <shone> a little; <looked> up at the sky; <left> silver footprints | likes: dark nights; soft songs | eats: a spoon of honey
clockwork bird | magic odd small n | brass little proud | does: <clicked> {A.his} beak; <turned> {A.his} head with a whir; <sang> three notes and <stopped> | likes: being wound up; polished shelves | eats: a drop of oil
toy robot | magic odd small n toyrobot | tin red little | does: <blinked> with one lamp; <walked> into a wall; <beeped> twice | likes: new batteries; straight lines | eats: a drop of oil
snow queen | snowqueen grown person magic royal f | pale proud lonely | does: <breathed> a flower of ice onto the glass; <drew> {A.his} white cloak around {A.him}; <smiled> without warmth | likes: silence; stars | eats: a bowl of snow
rainmaker | grown person magic | old wet patient | does: <shook> a rattle; <looked> for clouds; <shook> out {A.his} hat | likes: thunder; frogs | eats: watermelon
dream seller | dreamseller grown person magic | odd gentle thin | does: <shook> a little bottle; <whispered> to a pillow; <opened> a drawer full of mist | likes: tired people; midnight | eats: a poppy roll
"""

THINGS = """
magic ring | carry magic shine small precious | silver thin old | use: turn it on the finger; become invisible with it
crystal ball | carry magic break shine round | big clear | use: look into it; see far lands in it
spell book | carry magic paper | thick old dusty | use: learn spells from it; read it backward
magic mirror | carry magic break shine | tall old | use: ask it questions; see the truth in it
golden egg | carry precious shine small | heavy little | use: keep it warm; look at it shine
magic bean | carry magic small | green speckled | use: plant it; climb to the clouds with it
cloak of stars | carry magic wear | dark long | use: wear it at night; hide in it
singing sword | carry magic shine | long bright | use: listen to it; hang it over the fire
silver horn | carry music shine | little curved | use: blow it three times; call the knights with it
dragon scale | carry shine small | green red shiny | use: keep the rain off with it; polish it
bottle of moonlight | carry magic light break | little blue | use: light the room with it; pour it on the stairs
bag of wind | carry magic | tied round | use: fill a sail with it; dry the washing with it
seven-league boot | carry magic wear | big dusty | use: walk far in it; cross a river in one step with it
invisible hat | carry magic wear | soft old | use: wear it; look for it
magic flute | carry magic music | silver white | use: make everybody dance with it; play it at midnight
wishing stone | carry magic small | round warm grey | use: wish on it; hold it tightly
throne    | royal precious | golden high old | use: sit on it; look important on it
royal seal | carry royal precious small | golden heavy | use: sign letters with it; open the gate with it
scepter   | carry royal precious shine | golden long | use: wave it; point at things with it
shield    | carry | round dented bright | use: hide behind it; slide down a hill on it
helmet    | carry wear | iron rusty shiny | use: wear it in a fight; boil an egg in it
lance     | carry | long wooden | use: ride with it; reach high apples with it
oil can   | carry tool | little tin | use: oil a hinge with it; stop the squeaking with it
spring    | carry small tool | coiled bright | use: make a clock go with it; make something jump with it
cogwheel  | carry small tool round | brass little | use: mend a clock with it; turn it with one finger
battery   | carry small tool | new heavy | use: make a lamp shine with it; wake a robot with it
bag of star dust | carry magic small shine | silver fine | use: sprinkle it; make things float with it
snowball  | carry round small | cold big | use: throw it; build a snowman with it
carrot nose | carry food small | orange crooked | use: give it to a snowman; eat it at the end of winter
top hat   | carry wear | black tall dented | use: wear it; pull a rabbit out of it
dream bottle | carry magic break small | blue tiny | use: open it at bedtime; give it to somebody who cannot sleep
feather quill | carry magic small | white enchanted | use: write letters with it; let it write by itself
"""

PLACES = """
throne room | walk indoors royal court | in | see: a golden chair; a carpet as long as a street; guards with feathers on their hats | do: <bowed>, just to be safe; <counted> the candles; <walked> on the red carpet
dragon's cave | dragoncave walk indoors wild dark warm magic_place | in | see: a heap of gold; smoke coming from the back; a tail as thick as a tree | do: <walked> on tiptoe; <picked> up a coin and <put> it back; <warmed> {A.his} hands
enchanted forest | live walk outdoors wild dark magic_place | in | see: a tree bowing; glowing mushrooms; a moving path | do: <greeted> the trees; <followed> a blue light; <listened> to the whispering leaves
witch's hut | walk indoors warm magic_place | in | see: a broom in the corner; a black cat on the stove; a bubbling pot | do: <sniffed> at the pot; <stroked> the cat; <read> the labels on the bottles
wizard's tower | live walk indoors high magic_place | in | see: a stuffed crocodile; flapping books; a stair going round and round | do: <climbed> three hundred steps; <turned> a globe; <touched> nothing
glass mountain | walk outdoors high magic_place | on; up the glass mountain | see: {A.his} own face in every stone; a castle as clear as water; an eagle | do: <slid> back two steps for every three; <looked> through the ground; <held> on tightly
troll bridge | walk outdoors water wild magic_place | on | see: two yellow eyes below; moss on the stones; an old fishing line | do: <stamped> three times; <looked> under the arch; <paid> with a button
cloud castle | live indoors high magic_place | in; up to the cloud castle | see: walls of white mist; a giant's slippers; the whole land below | do: <jumped> on the soft floor; <looked> down through a hole; <drew> in the mist
ice palace | icepalace court walk indoors cold royal magic_place | in | see: chairs of ice; a frozen fountain; lights in the walls | do: <slid> across the floor; <breathed> on a window; <rubbed> {A.his} hands
royal kitchen | walk indoors warm royal | in | see: forty pots; a pie as big as a wheel; cooks in a row | do: <tasted> the soup; <hid> a cake in {A.his} pocket; <peeled> a potato
dungeon   | walk indoors dark royal | in | see: an iron door; a mouse with a crumb; a tiny window | do: <counted> the stones; <listened> at the wall; <called>, but only the echo <answered>
wishing well | walk outdoors water magic_place | by | see: coins at the bottom; a mossy bucket; a strange face in the water | do: <threw> in a coin; <whispered> a wish; <leaned> over the edge
dream market | walk outdoors town magic_place | at | see: dreams in bottles; a seller without a shadow; a sleeping customer | do: <smelled> a dream of summer; <walked> from stall to stall; <held> a bottle up to the light
robot workshop | live walk indoors magic_place | in | see: arms on the shelf; a heap of cogwheels; blinking lamps | do: <turned> a screw; <pressed> a button; <swept> up the nails
star hill | walk outdoors high magic_place | on | see: the whole sky; a fallen star in the grass; an old telescope | do: <lay> down and <looked> up; <counted> to a thousand; <caught> a bit of star dust
maze      | walk outdoors royal | in | see: green walls; a lost gardener; the same bench again | do: <turned> left and left again; <dropped> crumbs; <called> "hello"
"""

LISTS = {
    "price": "laugh|shadow|voice|smile",
    "boring": "doing the same thing every day|being looked at all day|staying in the same place|listening to the wind|waiting for something to happen|being important|hearing the same songs|waking up at six o'clock|being alone at breakfast",
    "ingredient": "three drops of dew|a feather from a white goose|the shadow of a leaf|a cup of moonlight|a spoon of salt from the sea|the laugh of a child|"
                  "a hair from a sleeping cat|the first flower of spring|a pinch of star dust|a snowflake from the highest mountain|the song of a blackbird|a bit of rainbow",
    "bargain": "a sack full of gold|the strength of ten bears|a horse as fast as the wind|a house with a hundred rooms|a table always full of cakes|a key to every door|a coat of pure silver|a pair of golden wings|a ship with red sails|a garden of glass flowers",
    "changed": "frog|teapot|cabbage|goose|goat|candlestick|snail|pumpkin|footstool|chicken|turnip|umbrella",
    "feeling": "friendship|love|kindness|tenderness|caring for somebody|being fond of somebody|having a warm heart",
    "wronganswer": "the wind|a cloud|the night|a river|a mouse|time|an onion|a dream",
    "overflow": "porridge|soup|jam|rice pudding|gingerbread|whipped cream|honey|custard|pea soup|tomato soup|apple sauce|pancake batter|hot chocolate",
}

NAMES = {
    "f": "Elvira Morgana Isolde Melusine Ravenna Sabrina Titania Drusilla Ophelia Cordelia Minerva Celestine Aurelia Seraphina Guinevere Lunetta Mirella Estella Thessaly Vesper",
    "m": "Alaric Bartholomew Cuthbert Ludwig Leopold Archibald Balthazar Cornelius Egbert Gawain Lancelot Merlin Mortimer Osric Percival Sigismund Thorin Ulric Valentine Wenceslas",
    "n": "Bolt Cog Sprocket Rivet Blip Beep_Seven Spark Frosty Icicle_Jim Glimmer Ember Cinder Smoke Flare Bobolink Wink Hex Riddle Zap Moonbeam "
         "Number_Nine Clank Dewdrop Snowcap Flint Tock Mumble Grumble Jinx Zephyr",
}
