"""Names from many countries, for visitors write names of their own."""
NAMES = {
    "f": """Niamh Saoirse Caoimhe Gráinne Ciara Maëva Océane Éloïse Agnès Françoise Håbet Sólveig Þóra Åsa Märta Jürgena Käthe Dagný Zofia Agnieszka Ewelina Božena Ljubica Tereza
Beatriz Conceição Guadalupe Esperanza Inés Paloma Chiara Giulia Ginevra Ilaria Despina Eleni Svetlana Katya Oksana Aylin Zeynep Elif Yasemin Shirin Laleh Deepika Lakshmi Anjali Meena
Xiuying Lihua Hanako Akiko Haruka Minji Soyeon Linh Thuy Adaeze Ngozi Chidinma Folake Makena Nyambura Tendai Zanele Nomvula Malia Keala Aroha Marama Itzel Citlali Nayeli Shanice Tallulah""",
    "m": """Eoin Cillian Padraig Tadhg Oisín Seán Étienne Benoît Gaël Loïc François Sigurður Þór Håkon Jørn Løvås Jens Fritz Wojciech Stanisław Krzysztof Jiří Václav Dragan Željko Luís João Tiago
Andrés Javier Joaquín Raúl Íñigo Giovanni Matteo Lorenzo Stavros Yiannis Vladimir Mikhail Taras Mehmet Kerem Burak Reza Farhad Vikram Sanjay Rohan Devesh Wei Jun Takeshi Kenta Daichi Jiho Tuan
Quang Chukwu Ikenna Babatunde Kamau Otieno Tafari Thabo Mandla Koa Kaimana Tane Wiremu Cuauhtémoc Xolotl DeShawn Jamal Kwabena Amadou Moussa Abdullah Khalid Ibrahim Suleiman Ezekiel Barnaby""",
}
LISTS = {
    "family": """Okafor|Adeyemi|Nakamura|Tanaka|Kowalski|Novák|Szabó|García|Fernández|Müller|Jørgensen|Åström|O'Brien|O'Malley|MacDuff|Papadopoulos|Petrov|Rossi|Yılmaz|Nguyen|Banerjee|Mwangi
        Pumpelmoose|Wobblebottom|Crumpet|Fiddlesticks|Gobbledy|Marmalade|Snicket|Butterworth|Higgins|Plimpton|Chukwuma|Balogun|Ivanov|Dubois|Lefèvre|Silva|Santos|Haddad|Cohen|Kim|Park|Suzuki|Singh
        Patel|Lindqvist|Virtanen|van Dijk|de la Cruz|Fitzgerald|Noodleman|Puddington|Bumblebrook|Twistleton|Pepperpot|Quackenbush|Rumpelton|Waddlesworth|Zimmerman|Abernathy|Trumbull|Picklewick""",
}
