"""Things: thing | tags | looks | use: what is done with it (after `to`, with `it`).

Tags: carry (every thing that one can carry); toy, tool, wear, music, light, soft, hold (something can be put in), paper, precious,
break (it can break), shine, old, water, food, kitchen.
"""
THINGS = """
kite      | carry toy break paper | colour stripes | use: fly it on the hill; run with it against the wind
ball      | carry toy round | colour stripes little | use: throw it in the air; bounce it off the wall
key       | carry tool shine small | iron silver golden rusty tiny | use: open the old box with it; hang it on a nail
drum      | carry toy music break | little colour | use: beat it in the morning; play a march on it
lantern   | carry light break shine | colour tin old paper | use: carry it through the dark; hang it by the door
boat      | carry toy water | little wooden colour paper | use: let it swim on the water; sail it across the tub
book      | carry paper | thick old colour | use: read it under the blanket; look at the pictures in it
hat       | carry wear | colour straw old | use: wear it on Sundays; wave it in the air
scarf     | carry wear soft | colour stripes woolen long | use: wrap it around the neck; wave it like a flag
ring      | carry wear shine precious small | silver golden thin | use: wear it on the finger; look at the sun through it
bell      | carry music shine | silver brass little | use: ring it at noon; hang it over the door
whistle   | carry music small toy | tin wooden silver | use: blow it very loud; call the dog with it
spoon     | carry tool kitchen | wooden silver big | use: stir the soup with it; eat pudding with it
basket    | carry hold | wicker big round old | use: carry eggs in it; gather apples in it
cup       | carry hold break kitchen | colour little tin | use: drink tea from it; drink warm milk from it
coin      | carry shine precious small | silver golden copper old | use: spend it at the market; toss it up and catch it
button    | carry small shine | colour shiny round wooden | use: sew it on a coat; keep it in a pocket
shell     | carry small break shine | white pink spotted | use: hear the sea in it; lay it on the window sill
feather   | carry small soft | white blue grey long | use: write with it; wear it in a hat
mirror    | carry break shine | little round silver | use: look into it; catch the sun with it
map       | carry paper | old yellow torn | use: find the way with it; hang it over the bed
rope      | carry tool | long strong thick | use: climb with it; tie up the boat with it
blanket   | carry soft wear | colour woolen warm checked | use: sleep under it; make a tent of it
brush     | carry tool | thin wide soft | use: paint the fence with it; paint with it all day
doll      | carry toy soft | little rag wooden old | use: sing it to sleep; set a place for it at the table
top       | carry toy | colour striped wooden tin | use: spin it on the table; watch it dance
flute     | carry music break | wooden silver little | use: play it in the evening; play it to the sheep
clock     | carry tool break | old loud round | use: know the time by it; wind it up every night
umbrella  | carry wear break | colour spotted big | use: keep the rain off with it; walk under it in the rain
box       | carry hold | wooden tin little colour | use: keep treasures in it; hide letters in it
marble    | carry toy small shine round | glass colour | use: roll it down the lane; look through it at the light
ribbon    | carry wear soft small | colour silk long | use: tie it in a bow; wear it in the hair
mitten    | carry wear soft small | colour woolen warm | use: keep a hand warm with it; wear it in the snow
comb      | carry tool small | wooden silver little | use: comb the doll's hair with it; blow a tune on it
bracelet  | carry wear shine precious break | silver colour golden | use: wear it on the arm; make it jingle
candle    | carry light | white red tall thick | use: light it at night; put it in the window
pencil    | carry tool small | colour short sharp | use: draw with it; write letters with it
bucket    | carry hold tool | tin wooden colour | use: fetch water in it; carry sand in it
teapot    | carry hold break kitchen | colour round old brown | use: make tea in it; pour from it
pillow    | carry soft | colour fat feather | use: sleep on it; rest on it
locket    | carry wear shine precious small | silver golden tiny | use: keep a picture in it; wear it on a chain
compass   | carry tool shine | brass old little | use: find the north with it; never lose the way with it
jar       | carry hold break kitchen | glass big little | use: keep buttons in it; put jam in it
ladder    | carry tool | wooden tall old | use: reach the roof with it; pick apples with it
lamp      | carry light break | little old brass | use: read by it; light the stairs with it
crown     | carry wear shine precious | golden paper silver | use: wear it all day; play king with it
puppet    | carry toy | wooden little funny | use: make it dance; make it bow
sled      | carry toy | wooden colour fast | use: ride it down the hill; pull it through the snow
violin    | carry music break precious | old little brown | use: play it at weddings; play slow songs on it
cap       | carry wear | colour woolen flat | use: wear it to school; pull it over the ears
purse     | carry hold | leather colour little | use: keep coins in it; carry it to market
fan       | carry break paper | paper silk colour | use: make a little wind with it; hide behind it
mask      | carry wear break | paper golden funny | use: wear it at the feast; frighten cats with it
medal     | carry wear shine precious | golden silver | use: wear it with pride; hang it on the wall
necklace  | carry wear shine precious break | silver pearl colour | use: wear it to the dance; keep it in velvet
stool     | carry wood | wooden little three-legged | use: sit on it; stand on it
cushion   | carry soft | colour velvet fat | use: sit on it; lean on it
trumpet   | carry music shine | brass golden loud | use: blow it from the tower; wake everyone with it
apple     | carry food small | red green shiny | use: eat it; share it
pear      | carry food small | yellow green ripe | use: eat it; bake it
cake      | carry food | chocolate lemon honey little | use: eat it with tea; share it with friends
pie       | carry food | apple cherry warm | use: eat it while it is hot; cool it on the sill
loaf      | carry food | brown warm big | use: eat it with butter; share it out
egg       | carry break small food | brown white spotted big | use: keep it warm; boil it
pumpkin   | carry food round big | orange fat enormous | use: make soup of it; carve a face in it
turnip    | carry food | white enormous purple | use: cook it; feed the goat with it
seed      | carry small | tiny black strange | use: plant it; keep it dry
flower    | carry | colour wild tiny | use: put it in water; wear it in a buttonhole
leaf      | carry small | red golden big | use: press it in a book; cover an ant with it
stone     | carry small | round grey smooth strange | use: keep it in a pocket; skip it over the water
stick     | carry | long crooked short | use: walk with it; draw in the sand with it
net       | carry tool | long green old | use: catch fish with it; catch moths with it
hammer    | carry tool | heavy little old | use: drive nails with it; mend the fence with it
saw       | carry tool | sharp rusty | use: cut planks with it; cut firewood with it
nail      | carry small tool | long rusty bent | use: hang a picture on it; fix the gate with it
needle    | carry small tool shine | thin silver long | use: sew with it; mend socks with it
thimble   | carry small shine | silver tiny dented | use: sew with it; drink from it like a mouse
shoe      | carry wear | brown red left old | use: walk in it; polish it
boot      | carry wear | muddy old left rubber | use: walk through puddles in it; keep the foot dry with it
sock      | carry wear soft | striped colour woolen | use: wear it in bed; make a puppet of it
coat      | carry wear | colour warm long patched | use: keep warm in it; wear it in winter
sweater   | carry wear soft | colour striped woolen | use: keep warm in it; wear it on cold days
apron     | carry wear | white checked colour | use: keep clean with it; bake in it
glove     | carry wear soft | colour leather left | use: keep a hand warm with it; shake hands in it
cloak     | carry wear | colour velvet long | use: hide in it; wear it at night
belt      | carry wear | leather brown wide | use: hold up the trousers with it; hang keys on it
bag       | carry hold | cloth leather colour big | use: carry bread in it; pack things in it
sack      | carry hold | big patched heavy | use: carry flour in it; jump in it
trunk     | carry hold big | old wooden heavy | use: keep winter clothes in it; hide in it
suitcase  | carry hold | leather old little | use: travel with it; pack socks in it
letter    | carry paper | long sealed secret | use: read it aloud; answer it
picture   | carry paper | little painted old | use: hang it on the wall; show it to everyone
postcard  | carry paper | bright old | use: pin it on the wall; send it home
notebook  | carry paper | colour little thick | use: write in it; draw in it
newspaper | carry paper | old wet yesterday's | use: read it at breakfast; fold a hat of it
painting  | carry precious | old bright strange | use: hang it in the hall; look at it for hours
vase      | carry break hold | blue tall glass china | use: put roses in it; put it on the table
plate     | carry break kitchen | white blue china | use: eat from it; serve cake on it
bowl      | carry break kitchen hold | wooden blue big china | use: eat soup from it; mix dough in it
pot       | carry kitchen hold | big iron copper | use: cook soup in it; boil potatoes in it
pan       | carry kitchen | iron big black | use: fry eggs in it; make pancakes in it
kettle    | carry kitchen hold | copper old dented | use: boil water in it; make tea with it
bottle    | carry hold break | green glass little | use: keep juice in it; send a letter in it
barrel    | carry hold big | big wooden old | use: catch rain in it; keep apples in it
broom     | carry tool | old new crooked | use: sweep the yard with it; chase leaves with it
rake      | carry tool | old wide iron | use: rake leaves with it; rake hay with it
spade     | carry tool | little iron rusty | use: dig the garden with it; dig for treasure with it
shovel    | carry tool | big colour | use: shovel snow with it; dig with it
axe       | carry tool | sharp old | use: chop wood with it; split logs with it
wheelbarrow | carry tool hold | colour squeaky old | use: push leaves in it; carry pumpkins in it
wagon     | carry toy hold | colour wooden little | use: pull it along the lane; ride in it
wheel     | carry round | wooden big broken | use: roll it down the hill; mend the cart with it
swing     | toy | wooden old | use: swing on it; sit on it in the evening
tent      | carry | colour patched big | use: sleep in it; put it up in the garden
raft      | water | wooden wobbly | use: float down the river on it; fish from it
oar       | carry water | long wooden | use: row with it; push off the bank with it
anchor    | carry water | heavy iron rusty | use: hold the boat with it; hang it by the door
fishing rod | carry water tool | long old | use: fish with it; catch trout with it
telescope | carry tool shine break | brass long | use: look at the moon through it; look out for ships with it
magnet    | carry tool small | red strong | use: pick up pins with it; find nails with it
magnifying glass | carry tool break small | round old | use: look at ants through it; find clues with it
watch     | carry wear break shine precious | golden old silver | use: tell the time by it; hear it tick
music box | carry music break precious | little silver painted | use: hear its song; wind it up at night
harp      | carry music precious | golden little | use: play it softly; play it for the queen
guitar    | carry music break | old red | use: play it by the fire; sing to it
accordion | carry music | red old | use: play it at the dance; squeeze it till it sings
tambourine | carry music toy | little painted | use: shake it; dance to it
bagpipe   | carry music | loud checked | use: wake the village with it; play it on the hill
teddy bear | carry toy soft | brown old worn | use: hug it at night; take it everywhere
rocking horse | toy | wooden painted | use: ride it; rock on it
toy train | carry toy | red little tin | use: make it go round; load it with nuts
toy soldier | carry toy | tin brave | use: stand it on guard; make it march
paper plane | carry toy paper | white fast | use: throw it from the window; make it fly
jump rope | carry toy | long colour | use: skip with it; skip with it till ten
balloon   | carry toy break round | colour big | use: let it float; hold it on a string
bubble pipe | carry toy | little colour | use: blow bubbles with it; fill the air with bubbles with it
puzzle    | carry toy | hard big | use: put it together; solve it
chess set | carry toy | old wooden | use: play with it; learn the moves on it
pinwheel  | carry toy paper | colour | use: hold it in the wind; make it spin
snow globe | carry break shine | little glass | use: shake it; watch the snow in it
crystal   | carry precious shine | clear purple | use: hold it to the light; make rainbows with it
pearl     | carry precious shine small | white round | use: look at it; keep it safe
diamond   | carry precious shine small | big clear | use: look at it sparkle; keep it safe
ruby      | carry precious shine small | dark big round | use: hold it to the sun; keep it safe
treasure chest | hold precious big | old heavy | use: keep gold in it; lock it well
horseshoe | carry shine | old rusty lucky | use: hang it over the door; wish on it
lucky penny | carry small shine | old copper | use: keep it in a shoe; wish on it
wand      | carry magic | crooked silver | use: make sparks with it; do magic with it
magic lamp | carry magic shine | old brass | use: rub it; make a wish with it
potion    | carry magic break | green bubbling | use: drink it; grow tall with it
flying carpet | magic soft | old red | use: fly over the roofs on it; travel on it
nest      | carry small | little old | use: keep eggs in it; look at it
honeycomb | carry food | golden sticky | use: eat it; trade it
acorn     | carry small food | brown round | use: plant it; roll it
pine cone | carry small | big brown | use: throw it; light the fire with it
mushroom  | carry food | brown spotted | use: cook it; sit under it
strawberry | carry food small | red ripe sweet | use: eat it; save it for last
carrot    | carry food | orange crooked | use: eat it; give it to the pony
cabbage   | carry food round | green big | use: make soup of it; feed the rabbit with it
cheese    | carry food | yellow round smelly | use: eat it with bread; slice it
cookie    | carry food small | round ginger warm | use: eat it; dip it in milk
sandwich  | carry food | cheese big | use: eat it at noon; share it
lollipop  | carry food small | red green sweet | use: lick it; share it
bone      | carry food | big old | use: chew on it; bury it
flag      | carry | colour striped | use: wave it; raise it on the tower
sign      | carry wood | painted wooden | use: hang it on the gate; read it
gate key  | carry tool | big iron | use: lock the gate with it; open the garden with it
parasol   | carry wear | white lace | use: keep the sun off with it; twirl it
walking stick | carry tool | long carved | use: lean on it; walk far with it
backpack  | carry hold | colour heavy | use: carry lunch in it; pack it for a trip
lunch box | carry hold | colour tin | use: keep sandwiches in it; open it at noon
pocket knife | carry tool | little sharp | use: carve with it; cut string with it
ball of wool | carry soft | colour | use: knit with it; roll it along the floor
quilt     | carry soft | patched colour | use: sleep under it; make it longer
rug       | soft | colour round | use: sit on it; sleep on it
curtain   | soft | colour velvet | use: hide behind it; keep the sun out with it
chair     | wood break | wooden old rocking | use: sit in it; rock in it
table     | wood | wooden round | use: eat at it; draw at it
"""
