"""Lists of phrases: `{hobby}`, `{fear}` and the others, values apart by `|`."""
LISTS = {
    # bare infinitives after "loved to"
    "hobby": """paint pictures|sing songs|climb trees|count the stars|collect stones|pick flowers|tell jokes|dance in the rain|read stories
        whistle old tunes|watch the birds|make paper boats|swim in cold water|draw maps of lands of dreams|run faster than the wind
        ask questions|bake tiny cakes|look at the moon|listen at doors|invent new words|build towers of stones|sleep until noon|play the drum on pots
        write letters to the clouds|talk to snails|walk in the fog|hide in small places|give names to the stars|knit very long scarves|whisper secrets to the trees
        roll down hills|catch the wind in a sack|polish old spoons|wear two hats at once|feed the sparrows|jump over puddles""",
    "fear": """the dark|thunder|deep water|high places|loud noises|spiders|bees|the wind at night|the cellar|shadows on the wall|strangers|big dogs
        speaking in front of others|being alone|the old bridge|the deep forest|lightning|owls|empty houses|the creaking stairs""",
    "food": """apple pie|honey cake|carrot soup|plum jam|nut cookies|cherry tart|corn bread|pumpkin soup|berry muffins|cheese rolls|pancakes|ginger cookies
        potato stew|lemon cake|rice pudding|tomato soup|onion tart|cinnamon buns|pear crumble|bean stew|fresh bread|poppy rolls|blueberry pancakes|noodle soup""",
    "mood": """kind|brave|curious|cheerful|quiet|clever|shy|patient|gentle|merry|stubborn|careful|friendly|dreamy|honest|impatient|polite|bold|forgetful|generous""",
    "num": "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve",
    "spot": """under the bench|behind the stove|in the tall grass|inside an old boot|beneath a pile of leaves|on top of the shelf|between two stones
        behind the curtain|in a hollow log|under the bed|beside the fence|in the hay|under a big mushroom|behind the apple tree|in the flour bin
        under the stairs|in a bird's nest|inside a watering can|beneath the porch|in the woodpile|behind a rose bush|on the window sill|under the wagon
        in the reeds|at the bottom of a bag|behind the door|under a loose board|in an empty barrel|among the roots of the old oak|on a low branch
        behind the clock|in the pocket of an old coat|under an upturned boat|between the cabbages|in a crack in the wall|inside a drum""",
    "sight": """a herd of cows|an old wagon|a family of ducks|a broken fence|two snails on a leaf|a tall sunflower|a frozen puddle|a scarecrow in a hat
        a sleeping dog|a row of beehives|a cloud like a whale|a cat on a roof|a kite in a tree|three black sheep|a man with a cello|a ring of mushrooms
        a bicycle without wheels|an empty birdcage|a line of washing|a stone like a face|a tiny door in a tree|a feather floating down""",
    "sound": """a soft rustling|a long whistle|three knocks|a tiny cough|a deep hum|the ringing of a bell|a splash|a faint song|a crack of twigs|a low growl|somebody crying|somebody laughing""",
    "weather_bad": "rain|snow|hail|thunder|a cold wind|fog",
    "wish": """a garden full of flowers|a warm coat for winter|a boat with a white sail|a tree always full of apples|a pair of boots for every kind of weather
        a song to make everyone smile|a bed as soft as a cloud|a pot always full of soup|a window on the sea|a friend for every day of the week
        a house with a round door|a pair of wings|a lamp to last a hundred years|a book without an end""",
    "secret": """a nest with three blue eggs|a hidden door|a little cave full of crystals|a family of kittens|a tree with a face|a spring of sweet water
        a stair leading nowhere|a field of four-leaf clover|a room full of clocks|a very deep rabbit hole|a boat without an owner|a humming stone""",
    "rare": """umbrellas|violins|comets|pickles|dominoes|lighthouses|mustard|tulips|tambourines|dictionaries|teaspoons|waltzes|icicles|lanterns|puzzles|noodles
        trombones|postcards|zippers|marmalade|volcanoes|tractors|rainbows|submarines|whales|jigsaws|compasses|raisins|kettles|snowflakes|windmills|riddles
        mushrooms|magnets|buttons|feathers|acrobats|beetles|bagpipes|cactuses|chimneys|crayons|dinosaurs|elevators|fireworks|galaxies|hiccups|igloos|jellyfish
        kangaroos|lemons|maps|mirrors|oceans|parrots|pirates|planets|quilts|rockets|sandwiches|scooters|statues|telescopes|thimbles|tornadoes|trains|turnips
        unicycles|vacuum cleaners|waterfalls|xylophones|yo-yos|zebras|astronauts|bubbles|cellos|doorbells|echoes|fountains|glaciers|helmets|inkpots|jugglers""",
    "lesson": """a friend is worth more than any treasure|it is better to ask than to guess|small steps go far|a promise is a promise|nobody is too small to help
        the truth is the shortest way|sharing makes things bigger|being brave means to be afraid and to go on|everybody makes mistakes|patience opens many doors
        it is never too late to say sorry|kind words cost nothing|two can carry more than one|one should look twice before one leaps|good things take time
        a lie has short legs|who listens learns more than who talks|a broken thing can be mended, and a friendship too|what is lost is often very near
        it is good to have somebody to call|not every loud voice is a brave one|help comes from where one does not look for it|a little courage is enough
        one can be small and still do something big|home is where one is missed|a gift need not be dear|everybody is good at something|anger is a bad adviser
        tomorrow is another day|it is easier to laugh together|a door that is shut may only be stuck|to win is nice, but to play is nicer|nobody knows everything
        the slow ones see more on the way|thinking first saves walking|a good neighbor is better than a high fence|the best secrets are those that one shares
        who gives gets something back|one should not judge a nut by its shell|there is a way around every stone|even the sun has to rise every day
        hunger is the best cook|a song makes every road shorter|trying again is half of doing it well|some treasures do not shine|it pays to be honest
        a wish alone builds no house|many small hands make a big one|fear is smaller when one looks at it|one must not believe all that one hears
        the night is never as dark as it looks from the bed|a true friend also tells you what you do not like to hear""",
    "exclaim": "oh dear|goodness|oh no|dear me|good heavens|what a pity|oh my",
    "clue": """a line of muddy footprints|a trail of crumbs|a grey feather|a strange smell of onions|a scratch on the door|a bit of blue wool
        a row of wet spots|a single glove|a trail of flour|a chewed pencil|a long white hair""",
    "why": """it was so shiny|it smelled of home|the nights are so cold|I am lonely at night|it looked like the moon|nobody ever gave me a present
        I thought that nobody wanted it|my brother is ill, and I wanted to make him laugh|I have never had anything of my own|I wanted to look at it only once""",
    "relative": "mother|father|grandmother|grandfather|aunt|uncle|sister|brother",
}
LESSONS = {
    "friend helps helped_on_way": """a friend is worth more than any treasure|two can carry more than one|it is easier to laugh together|a true friend also tells you what you do not like to hear|it is good to have somebody to call""",
    "helps helped_on_way": """nobody is too small to help|help comes from where one does not look for it|many small hands make a big one|a good neighbor is better than a high fence|who gives gets something back|kind words cost nothing""",
    "gave shared shared_food shared_lunch gave_store": """sharing makes things bigger|a gift need not be dear|some treasures do not shine""",
    "lied lied_vase honest told_vase gave_back has_keys gave_chest": """the truth is the shortest way|a lie has short legs|it pays to be honest|everybody makes mistakes""",
    "afraid trapped in_water storm hid_vase caged": """being brave means to be afraid and to go on|a little courage is enough|fear is smaller when one looks at it""",
    "angry at_peace told_vase": """it is never too late to say sorry|anger is a bad adviser""",
    "broken vase_broken broken_down": """a broken thing can be mended, and a friendship too""",
    "lost has_keys lost_mother": """what is lost is often very near""",
    "race racing contest": """to win is nice, but to play is nicer|the slow ones see more on the way|not every loud voice is a brave one""",
    "wished wanted wants_boat wants_home needs_thing": """a wish alone builds no house""",
    "fed ate_with shared_food": """hunger is the best cook""",
    "gave_word visits helped_on_way": """a promise is a promise""",
    "lied flattered made_offer": """one must not believe all that one hears""",
    "locked_out opened_gate clock_stopped": """a door that is shut may only be stuck""",
}
