"""Given names: of girls and women, of boys and men, and of either (mostly animals). `_` stands for a space."""
NAMES = {
    "f": """
Zoë Chloé Renée Anaïs Noémi Maëlle Ásta Søs Håkona Małgosia Inês Lucía Sofía Martina Ayşe Nguyet Mei Sakura Aanya Thandi Wanjiru Leilani Ximena Oluchi
Mira Lily Anna Ella Rosa Nina Clara Tessa Ivy Hazel Ruby Maya Zoe Emma Lucy Nora Ada Elsa Greta Molly Poppy Daisy Wren
Iris Stella June Alma Lena Sofia Olive Heidi Pia Tilda Vera Willa Flora Mia Eva Sara Amy Bella Beth Carla Cora Dora
Edith Elena Erin Esme Faye Fiona Freya Gina Gwen Hana Hattie Helga Holly Ines Ingrid Isla Jana Jane Jenny Jill Josie Joy
Julia Kate Kira Lara Laura Leila Lina Lola Lotta Luna Mabel Maggie Marta Mary Matilda Maud Mina Mona Nadia Nell Nelly
Nia Noor Oda Olga Paula Pearl Peggy Petra Priya Rita Rosie Sally Selma Sienna Signe Sonja Susan Suki Tara Thea Tina
Trudy Una Uma Viola Wanda Winnie Yara Yuki Zara Amara Aoife Siobhan Aisha Fatima Leonie Marie Chloe Lulu Mimi Kiki Dalia
Esther Naomi Ruth Miriam Salma Zuri Imani Adele Beatrix Cecily Delia Eliza Frida Gilda Harriet Juno Kamala Lorna Mirabel
Nessa Odette Priyanka Rowena Saskia Tamsin Ursula Verity Xenia Yasmin Zelda
""",
    "m": """
José Bjørn Jürgen Łukasz Søren Noël René André Tomás Mateus Åke Günther Emre Haruto Minh Arjun Sipho Juma Kekoa Rodrigo Obinna Zdeněk Ondřej Miloš
Tom Ben Max Leo Finn Otto Jack Sam Theo Hugo Oscar Felix Noah Eli Milo Jonas Emil Peter Anton Luca Karl Gus Henry Owen
Toby Ned Ralph Simon Victor Walter Jasper Rufus Bruno Casper Dmitri Ivo Adam Alan Albert Alfie Amos Andy Arlo Arthur
Axel Barney Basil Bert Bill Bjorn Boris Carl Cedric Charlie Chester Clem Cyril Dan David Dennis Dirk Donald Doug Eddie
Edgar Edwin Elmer Enzo Eric Ernest Fabian Ferdinand Floyd Frank Fred Gabriel George Gilbert Gordon Gregor Gunnar Hank
Harold Harry Hector Herbert Horace Howard Igor Isaac Ivan Jacob Jake James Jim Joe Joel John Josef Jose Julius Kai
Kasimir Kenji Klaus Kofi Kurt Lars Lenny Lewis Liam Linus Lorenz Louis Luke Magnus Marco Mark Martin Matt Mick Mohan
Monty Morris Nathan Nick Niels Nils Norman Olaf Oleg Omar Orson Otis Pablo Patrick Paul Pedro Percy Philip Pierre
Quentin Raj Ravi Ray Reuben Rex Robert Robin Roland Roman Rory Ross Roy Samir Sasha Seth Sidney Silas Stan Steve Sven
Tariq Ted Tim Timo Tobias Tony Tyler Ulrich Umar Vasco Vernon Viktor Vito Wally Warren Wendel Wilbur Will Wolfgang
Xavier Yannick Yusuf Zach Zoltan Bashir Diego Emeka Hassan Hiro Kwame Mateo Nikos Santiago Tariku
""",
    "n": """
Alex Sunny Biscuit Pip Bluebell Pepper Clover Sky River Rowan Robin_Red Nutmeg Cinnamon Button Pebble Twig Bramble Fern
Marble Cricket Patch Ginger Cocoa Maple Snowy Misty Shadow Smoky Dusty Rusty Sparky Fluff Waffles Noodle Peanut Pickle
Pudding Toffee Muffin Crumbs Honey Socks Boots Whiskers Domino Echo Flicker Comet Star Pumpkin Acorn Thistle Teasel
Sorrel Bracken Heather Juniper Saffron Sesame Tinker Jingle Zigzag Bingo Bobbin Dapple Fidget Gizmo Jasmine Kipper Lucky
Mango Nibbles Olli Puck Quill Rascal Skipper Tansy Tumble Velvet Wisp Yarrow Zuzu Sir_Pumpernickel Old_Grey Little_Star
Two_Spots Red_Feather Mossy Pinecone Ripple Sparkle Teacup Umber
""",
}
