"""The objects of VOC's 20 classes that a caption mentions, by the synonyms of CHAIR (Rohrbach et al. 2018).

The synonyms are those that the authors give for COCO's classes, with VOC's names; VOC has no goats or buffaloes among
its sheep and cows.
"""

from __future__ import annotations

from functools import cache

from fsl_demo.inference.hypernyms import singulars, words_of

_SYNONYMS = """\
person: girl, boy, man, woman, kid, child, chef, baker, adult, rider, baby, worker, passenger, sister, biker, policeman,
cop, officer, lady, cowboy, bride, groom, male, female, guy, traveler, mother, father, gentleman, pitcher, player,
skier, snowboarder, skater, skateboarder, foreigner, caller, offender, coworker, trespasser, patient, politician,
soldier, grandchild, serviceman, walker, drinker, doctor, bicyclist, thief, buyer, teenager, student, camper, driver,
hunter, shopper, villager
bicycle: bike, unicycle, minibike, trike
car: automobile, van, minivan, sedan, suv, hatchback, cab, jeep, coupe, taxicab, limo, taxi
motorbike: motorcycle, scooter, motor bike, motor cycle, moped
aeroplane: airplane, jetliner, plane, air plane, monoplane, aircraft, jet, airbus, biplane, seaplane
bus: minibus, trolley
train: locomotive, tramway, caboose
boat: ship, liner, sailboat, motorboat, dinghy, powerboat, speedboat, canoe, skiff, yacht, kayak, catamaran, pontoon,
houseboat, vessel, rowboat, trawler, ferryboat, watercraft, tugboat, schooner, barge, ferry, sailboard, paddleboat,
lifeboat, freighter, steamboat, riverboat, battleship, steamship
bird: ostrich, owl, seagull, goose, duck, parakeet, falcon, robin, pelican, waterfowl, heron, hummingbird, mallard,
finch, pigeon, sparrow, seabird, osprey, blackbird, fowl, shorebird, woodpecker, egret, chickadee, quail, bluebird,
kingfisher, buzzard, willet, gull, swan, bluejay, flamingo, cormorant, parrot, loon, gosling, waterbird, pheasant,
rooster, sandpiper, crow, raven, turkey, oriole, cowbird, warbler, magpie, peacock, cockatiel, lorikeet, puffin,
vulture, condor, macaw, peafowl, cockatoo, songbird
cat: kitten, feline, tabby
dog: puppy, beagle, pup, chihuahua, schnauzer, dachshund, rottweiler, canine, pitbull, collie, pug, terrier, poodle,
labrador, doggie, doberman, mutt, doggy, spaniel, bulldog, sheepdog, weimaraner, corgi, cocker, greyhound, retriever,
brindle, hound, whippet, husky
horse: colt, pony, racehorse, stallion, equine, mare, foal, palomino, mustang, clydesdale, bronc, bronco
sheep: lamb, ram, ewe
cow: cattle, ox, calf, holstein, heifer, bull, zebu
bottle:
chair: seat, stool
sofa: couch, recliner, futon, loveseat, settee, chesterfield
pottedplant: potted plant, houseplant
diningtable: dining table, table, desk
tvmonitor: tv, monitor, television
"""
_SOMETHING_ELSE = ("train track", "hot dog", "toilet seat", "dining room")
_YOUNG = ("baby", "adult", "passenger")
"""Before an animal or a vehicle these are no person."""


def objects(text: str) -> list[str]:
    """The classes of the objects that a caption mentions, in order, each as often as it is mentioned."""
    words, classes, at = words_of(text), _classes(), 0
    mentioned = []
    while at < len(words):
        pair = " ".join(words[at : at + 2])
        known = {form for form in singulars(pair) if form in classes or form in _SOMETHING_ELSE}
        forms = known or set(singulars(words[at]))
        following = objects(words[at + 1])[:1] if words[at] in _YOUNG and at + 1 < len(words) else []
        if not following:
            mentioned += [classes[form] for form in forms if form in classes][:1]
        at += 2 if known else 1
    return mentioned


@cache
def _classes() -> dict[str, str]:
    """VOC's class of every synonym."""
    classes, name = {}, ""
    for line in _SYNONYMS.splitlines():
        if ":" in line:
            name, line = line.split(":")
            classes[name] = name
        classes |= {word: name for entry in line.split(",") if (word := entry.strip())}
    return classes
