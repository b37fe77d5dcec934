"""Places: place | tags | preposition; way there | see: what is seen there | do: what one does there.

Tags: live (people live there); walk (one can go there on foot: all but a few), outdoors or indoors, water, wild, town, high, dark, warm, home.
"""
PLACES = """
pond      | walk outdoors water | by | see: a frog on a lily pad; two ducks with their heads under water; a dragonfly | do: <skipped> flat stones; <watched> the rings on the water; <looked> for tadpoles
meadow    | walk outdoors wild | in | see: a cloud of butterflies; a hare running away; poppies as red as fire | do: <picked> daisies; <lay> down in the grass; <chased> a butterfly
forest    | live walk outdoors wild dark | in | see: a deer between the trees; mushrooms in a ring; a woodpecker | do: <gathered> pine cones; <listened> to the woodpecker; <walked> on soft moss
market    | live walk town outdoors | at | see: baskets of cherries; a man with a parrot; a cart full of melons | do: <tasted> a cherry; <walked> from stall to stall; <listened> to the shouting of the sellers
river     | live walk outdoors water | by | see: a barge with a red sail; a jumping fish; an old boat upside down | do: <threw> sticks into the water; <dipped> {A.his} feet in; <watched> the leaves float by
hill      | live walk outdoors high | on | see: the whole village; a kite far away; sheep like little clouds | do: <rolled> down the grass; <looked> far over the land; <felt> the wind in {A.his} face
barn      | walk indoors | in | see: swallows under the roof; a mountain of hay; an old cart | do: <climbed> the hay; <breathed> in the smell of hay; <played> hide and seek
garden    | walk outdoors | in | see: a row of beans; a snail on a cabbage; bees in the lavender | do: <smelled> the roses; <watered> the beans; <sat> down under the plum tree
bridge    | walk outdoors water | on | see: {A.his} own face in the water; a trout in the shade; a boat passing below | do: <dropped> a leaf on one side and <looked> for it on the other; <leaned> over the rail; <counted> the planks
bakery    | live walk indoors town warm | at | see: rolls in the window; a cake with seven layers; a tray of buns | do: <sniffed> the warm air; <looked> at all the cakes; <warmed> {A.his} hands by the oven
lighthouse | live walk indoors high | at | see: ships like specks; the great lamp; gulls below | do: <climbed> the winding stairs; <looked> out to sea; <counted> the steps
beach     | walk outdoors water | on | see: a crab in a hurry; a line of shells; a ship far out | do: <built> a castle of sand; <ran> from the waves; <drew> in the wet sand
orchard   | live walk outdoors | in | see: apples on every branch; a ladder against a tree; a thrush with a cherry | do: <picked> up a fallen apple; <climbed> into a low tree; <shook> a branch
school    | live walk indoors town | at | see: coats on their hooks; a map of the world; chalk on the board | do: <sat> down in the first row; <drew> on the board; <read> the names on the wall
village square | live walk outdoors town | in | see: the old well; children with hoops; a fiddler on a barrel | do: <sat> down by the well; <listened> to the fiddler; <fed> the pigeons
library   | walk indoors town quiet | in | see: books up to the ceiling; a cat asleep on a dictionary; a globe | do: <turned> the pages of an old book; <walked> on tiptoe; <read> a tale about pirates
stable    | walk indoors | in | see: a foal; bridles on the wall; a cat in the straw | do: <stroked> the foal; <swept> the straw; <counted> the horses
windmill  | live walk indoors high | at | see: the great sails; sacks of flour; white dust on everything | do: <listened> to the creaking; <watched> the sails turn; <wrote> {A.his} name in the flour
well      | walk outdoors water | by | see: the sky far down in the water; a bucket on a chain; a toad on the rim | do: <called> down and <heard> an answer; <drank> cool water; <pulled> up the bucket
harbor    | live walk outdoors water town | at | see: ships with tall masts; nets in the sun; a gull with a fish | do: <counted> the masts; <watched> the fishermen; <smelled> tar and salt
cave      | walk indoors wild dark | in | see: drops falling from the roof; a bat asleep; paintings on the wall | do: <called> and <heard> an echo; <felt> along the wall; <lit> a little fire
lake      | live walk outdoors water | by | see: a swan with five grey chicks; mist over the water; a rowing boat | do: <swam> a little way; <sat> on the jetty; <looked> at the mountains upside down in the water
valley    | live walk outdoors wild | in | see: a thread of smoke; a stream between stones; goats on a slope | do: <followed> the stream; <shouted> to hear the echo; <gathered> herbs
mill      | live walk indoors water | at | see: the turning wheel; a heap of sacks; ducks in the mill stream | do: <watched> the wheel; <sat> on a sack; <threw> straws into the stream
field     | walk outdoors | in | see: a scarecrow with a hat; larks in the air; a hare's ear in the corn | do: <walked> along the rows; <waved> to the scarecrow; <picked> up an ear of corn
castle    | live walk indoors high | at | see: flags on the towers; a knight asleep at the gate; a hall with a hundred candles | do: <walked> over the drawbridge; <looked> up at the towers; <ran> along the wall
inn       | live walk indoors town warm | at | see: a pot over the fire; travelers with muddy boots; a dog under the table | do: <sat> down by the fire; <ate> a bowl of soup; <listened> to the travelers
waterfall | walk outdoors water wild | by | see: a rainbow in the spray; wet black rocks; ferns | do: <held> {A.his} hands into the spray; <shouted>, but nobody <could> hear it; <stood> behind the falling water
tower     | live walk indoors high | in | see: a nest under the roof; a rusty bell; the roofs of the town | do: <climbed> the stairs; <looked> out of the tiny window; <counted> the bats
island    | live outdoors water wild | on; across the water to the island | see: a palm tree; footprints in the sand; a turtle on the shore | do: <walked> all around it; <looked> for driftwood; <gathered> coconuts
mountain  | walk outdoors high wild | on; up the mountain | see: an eagle below; snow in the hollows; a cross at the top | do: <climbed> from rock to rock; <ate> a bit of snow; <looked> down on the clouds
swamp     | walk outdoors wild water dark | in | see: a dancing light; an old tree with a beard of moss; bubbles in the mud | do: <jumped> from tuft to tuft; <pulled> {A.his} foot out of the mud; <listened> to the frogs
desert    | outdoors wild | in | see: a hill of sand; a line of camels; a bone as white as chalk | do: <walked> from dune to dune; <looked> for shade; <shook> the sand from {A.his} shoes
park      | walk outdoors town | in | see: a fountain; a man with balloons; old ladies on a bench | do: <ran> around the fountain; <sat> down on a bench; <fed> the sparrows
zoo       | walk outdoors town | at | see: a giraffe with a bow; monkeys in a row; a sleepy lion | do: <waved> to the monkeys; <counted> the zebras; <shared> a bun with the goats
train station | walk indoors town | at | see: a train with a red engine; suitcases in a heap; the big clock | do: <waved> to a train; <read> the names of far cities; <watched> people say goodbye
attic     | live walk indoors home dark | in; up to the attic | see: a trunk with a broken lock; spider webs; a dress from long ago | do: <opened> an old trunk; <sneezed> in the dust; <looked> through the little window
cellar    | walk indoors home dark | in; down to the cellar | see: jars of plums; a barrel; a mouse on the shelf | do: <felt> along the shelf; <counted> the jars; <held> {A.his} breath
kitchen   | walk indoors home warm | in | see: a pie on the sill; a row of copper pans; steam on the window | do: <stirred> the soup; <licked> a spoon; <set> the table
church    | live walk indoors town quiet | in | see: colored light on the floor; a candle; an organ with golden pipes | do: <sat> down in the last row; <listened> to the organ; <looked> up at the windows
bookshop  | live walk indoors town quiet | in | see: books on the stairs; a cat in the window; a ladder on wheels | do: <opened> a book and <smelled> it; <rode> on the ladder; <read> the first page of everything
toy shop  | walk indoors town | in | see: a train running in a circle; a bear as big as a man; a hundred marbles | do: <wound> up a tin frog; <pressed> {A.his} nose to the glass; <counted> the marbles
workshop  | walk indoors | in | see: shavings on the floor; tools on the wall; half a chair | do: <picked> up a plane; <swept> the shavings; <smelled> the fresh wood
greenhouse | walk indoors warm | in | see: a lemon tree; a tomato as big as a head; wet leaves on the glass | do: <smelled> the warm earth; <drew> a face on the wet glass; <watered> the seedlings
farm      | live walk outdoors | at | see: geese in a row; a tractor; a cat on the milk can | do: <fed> the hens; <helped> with the milking; <sat> on the gate
playground | walk outdoors town | at | see: a tall slide; an empty swing; a castle in the sandbox | do: <went> down the slide; <swung> as high as the trees; <dug> in the sand
haystack  | walk outdoors | by | see: a mouse running out; a forgotten fork; crickets | do: <leaned> against the warm hay; <climbed> to the top; <slid> down the side
old oak   | walk outdoors wild | under | see: acorns in the grass; a hole in the trunk; an owl asleep | do: <sat> down between the roots; <gathered> acorns; <leaned> against the trunk
crossroads | walk outdoors | at | see: a signpost with four arms; a wheel track; a stone with a number | do: <read> the signpost; <looked> down all four roads; <rested> on the stone
frozen lake | walk outdoors water cold | on | see: fish under the ice; children on skates; a hole in the ice | do: <slid> on the ice; <drew> a circle with {A.his} heel; <knocked> on the ice
snowy field | walk outdoors cold | in | see: the tracks of a hare; a snowman without a nose; white smoke over the roofs | do: <made> a snow angel; <threw> a snowball; <followed> the tracks
fairground | walk outdoors town | at | see: a merry-go-round; a man on stilts; sugar clouds on sticks | do: <rode> on a wooden horse; <tasted> a toffee apple; <watched> the man on stilts
circus    | walk indoors town | at | see: a clown with a tiny hat; a white horse; a girl on a rope | do: <laughed> at the clown; <clapped> for the horse; <looked> up at the rope
museum    | live walk indoors town quiet | in | see: a whale's bones; a king's chair; stones shining in the dark | do: <walked> around the whale; <read> the little cards; <stood> before an old picture
palace garden | walk outdoors royal | in | see: a hedge cut like a swan; a fountain; a peacock | do: <ran> through the maze; <bowed> to the peacock; <sat> by the fountain
"""
