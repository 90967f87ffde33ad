"""English word classes, as far as telling a filler from an ordinary word needs them.

Closed classes (pronouns, determiners, prepositions, conjunctions, auxiliaries) follow
Huddleston and Pullum, The Cambridge Grammar of the English Language (2002); open ones
hold the frequent spoken members and are completed by suffix. Everything is lower case
with straight apostrophes.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """Return the words of a space-separated list as a set."""
    return frozenset(text.split())


# --- closed classes ---------------------------------------------------------------

BE = words(
    "be am is are was were been being i'm you're we're they're he's she's it's that's "
    "there's here's what's who's isn't aren't wasn't weren't this's im youre theyre thats "
    "theres everyone's everybody's nobody's it'd"
)
PAST_BE = words("was were wasn't weren't been")
HAVE = words("have has had having haven't hasn't hadn't i've we've you've they've")
DO = words("do does did don't doesn't didn't dont didnt doesnt doing done")
MODAL = words(
    "would could should will can might may must shall wouldn't couldn't shouldn't won't "
    "can't cannot mightn't i'd you'd we'd they'd he'd she'd who'd i'll you'll we'll they'll "
    "he'll she'll it'll gonna wanna gotta let's that'd that'll there'd there'll cant wont"
)
SUBJECT_PRONOUN = words("i you we they he she it")
CONTRACTED_SUBJECT = words(
    "i'm you're we're they're he's she's it's i've we've you've they've i'd you'd we'd "
    "they'd he'd she'd it'd i'll you'll we'll they'll he'll she'll it'll that's there's "
    "here's im thats theres theyre"
)
OBJECT_PRONOUN = words("me him her us them it you myself himself themselves ourselves")
INDEFINITE_PRONOUN = words(
    "everyone everybody someone somebody nobody anybody anyone everything nothing something "
    "none people folks there"
)
DETERMINER = words(
    "a an the this that these those my our your his her its their some any each every no "
    "another both either neither all"
)
POSSESSIVE = words("my our your his her its their")
PREPOSITION = words(
    "in on at for with of from by about after before within over into onto per through "
    "under around between without until till during across against towards toward than near "
    "behind via up down out off besides"
)
CONJUNCTION = words(
    "and but so because cause 'cause cuz or then since plus although though while whereas "
    "that which if when where until yet nor"
)
WH = words("what how why where when who whom whose which whether if that")
INTERJECTION = words(
    "okay ok oh wow no yeah yes wait hey well sure whoa fine alright yep nope nah hello hi "
    "please sorry man dude god gosh seriously huh damn hmm ugh cool great thanks right ah "
    "aha yay oof"
)
NEGATION = words("not never n't hardly barely")

# --- quantities -------------------------------------------------------------------

NUMBER = words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy "
    "eighty ninety hundred hundreds thousand thousands million millions billion dozens"
)
QUANTIFIER = words(
    "half double triple twice ten-ish several dozens tons loads lots plenty every maybe "
    "roughly approximately almost nearly around about over under"
)
MEASURE = words(
    "second minute hour day week month year decade quarter sprint weekend night morning "
    "millisecond hundred thousand million billion dozen couple few bit bunch lot ton third "
    "half percent gig terabyte gigabyte megabyte fortnight handful million-dollar"
)
TIME_UNIT = words(
    "seconds minutes hours days weeks months years decades quarters sprints weekends nights "
    "milliseconds times percent am pm o'clock dollars euros pounds people lines rows gigs"
)

DATE = words(
    "january february march april may june july august september october november december "
    "monday tuesday wednesday thursday friday saturday sunday yesterday tomorrow midnight noon"
)

# --- open classes -----------------------------------------------------------------

INTENSIFIER = words(
    "really so very super pretty totally completely literally extremely incredibly "
    "absolutely quite too way fairly just actually basically honestly seriously always "
    "never constantly already still even only kinda sorta definitely probably maybe mostly "
    "almost barely hardly genuinely truly not immediately suddenly finally eventually "
    "obviously crazy insanely ridiculously entirely fully slightly somewhat nearly all "
    "super-duper more most less"
)
ADVERB = INTENSIFIER | words(
    "everywhere nowhere forever overnight "
    "also often sometimes usually rarely again now then here there once soon today later "
    "maybe perhaps together anyway instead ever simply mainly particularly especially "
    "personally quickly slowly carefully directly exactly specifically generally clearly"
)
# An adverb in -ly is one; these end so and are none.
NOT_ADVERB_LY = words(
    "only family reply supply apply assembly anomaly friendly early daily weekly monthly "
    "yearly hourly likely lovely ugly rely imply multiply comply fly ally july italy lonely "
    "silly costly timely homely deadly unlikely quarterly nightly elderly"
)

ADJECTIVE = words(
    "good bad great nice big small huge tiny large long short high low hard easy simple "
    "complex slow fast quick late early old new young fresh clean dirty messy noisy clear "
    "weird odd strange funny sad happy glad mad angry upset tired sick sleepy busy free "
    "full empty ready sure certain scared afraid nervous anxious stressed excited bored "
    "confused stuck lost broken done finished gone wrong right correct true false real fake "
    "fair fine okay ok perfect awful terrible horrible amazing awesome incredible insane "
    "crazy wild ridiculous brutal rough tough tight loose heavy light dark bright hot cold "
    "warm cool cheap expensive rich poor strong weak smart dumb stupid clever dense sparse "
    "flat deep shallow wide narrow thin thick solid stable flaky brittle robust fragile "
    "safe risky dangerous critical important urgent main major minor final first last next "
    "same different similar separate whole entire random normal usual common rare unique "
    "obvious subtle boring interesting annoying frustrating exhausting confusing surprising "
    "exciting overwhelming scary painful helpful useful useless pointless worth worse worst "
    "better best bigger smaller faster slower harder easier older newer higher lower longer "
    "shorter cleaner simpler open closed public private internal external manual automatic "
    "legacy proud grateful lucky unlucky impossible possible available responsible "
    "comfortable uncomfortable familiar aware unaware alone quiet loud calm chill smooth "
    "sharp blunt shocked surprised exhausted frustrated impressed burned overwhelmed "
    "convinced worried relieved embarrassed obsessed outdated dead alive down offline "
    "online terrified panicked lazy crappy shaky tricky picky sketchy hacky clunky sloppy "
    "buggy tedious fuzzy hairy gnarly trivial huge-ish specific general particular global "
    "local formal vague awkward bizarre miserable dreadful gorgeous quick-and-dirty "
    "half-baked cross-functional senior junior"
)
ADJECTIVE_SUFFIX = ("ous", "ful", "less", "able", "ible", "ish", "ive", "ical")
NOT_ADJECTIVE = words(
    "table cable variable archive drive executive objective alternative native incentive "
    "directive perspective initiative handful unless bus focus status dive five give "
    "receive arrive live hive principle example people finish publish establish english "
    "relative negative positive"
)

PAST_IRREGULAR = words(
    "went came got gave took made said told knew thought saw found left felt lost kept held "
    "brought bought caught taught fought sought built sent spent lent bent meant dealt met "
    "led fed read ran began swam sank rang drank sang sat stood understood wrote drove rode "
    "rose chose froze broke spoke woke stole blew grew threw flew drew fell hit cut put set "
    "shut quit let split ate forgot forgave paid laid heard did had was were became "
    "overcame won hung stuck struck swung dug shot slept swept wept crept rewrote rebuilt "
    "redid undid rethought withdrew tore wore swore bore hid slid bit lit sold stopped "
    "dropped died couldn't didn't wasn't weren't hadn't wouldn't don't doesn't can't isn't "
    "aren't won't haven't hasn't"
)
# Base forms that are no mass nouns, so that one after "would like" shows an infinitive slot:
# a countable noun would need its article.
BASE_VERB = words(
    "be have do go get make take come see know think say tell find give keep let begin seem "
    "become leave put mean bring happen sit stand lose pay meet include continue learn "
    "understand follow stop create speak read allow add spend grow open walk win offer "
    "remember consider appear buy wait serve die send expect build stay fall reach kill "
    "remain suggest raise pass sell require decide pull explain hope develop carry break "
    "receive agree fix crash fail freeze retrain rewrite refactor deploy rerun restart "
    "throw explode blow ask talk write try move live believe hold pick choose sort figure "
    "push run forget ignore drop delete remove scale convince persuade merge validate test "
    "check tune debug dig catch handle shut quit set split overfit underfit collapse panic "
    "disappear compute predict look start plan call train model build filter run walk cut show "
    "monitor query cache"
)
# Verbs whose complement "like ..." is a comparison: perception (Huddleston and Pullum,
# ch. 7, 5.4) and manner.
PERCEPTION = words(
    "look looks looked looking sound sounds sounded sounding feel feels felt feeling seem "
    "seems seemed smell smells smelled taste tastes tasted appear appears appeared"
)
MANNER = words(
    "act acts acted acting behave behaves behaved behaving work works worked working "
    "function functions functioned operate operates operated run runs ran running perform "
    "performs performed read reads treat treats treated treating handle handles handled "
    "move moves moved think thinks thinking talk talks talked talking speak speaks go goes "
    "going went write grow grows grew spread spreads fit fits sell sells live lives lived "
    "dress fly flies flew drive drives dance sing sings flow flows shape shaped structured "
    "formatted designed modelled modeled written styled built-in ended ending start starts "
    "started turn turned scale scales scaled degrade degrades degraded spike fall falls "
    "fell explode exploded sleep slept fight fights used end learn "
    "learns"
)
# Verbs that take a plain object, so that "like" between them and it hedges.
TRANSITIVE = words(
    "have has had having i've we've you've they've got get gets getting need needs needed "
    "build built building make makes made making do does did doing take takes took taking "
    "give gives gave giving wrote want wants wanted found find create created add added "
    "adding see saw seen spend spent waited wait lost lose hit cost costs bring brought "
    "send sent buy bought keep kept put try tried trying hired shipped read ran run save "
    "saved set know knew pulled pull picked pick collected trained tested deployed cut "
    "dropped removed deleted say said saying ask asked told tell became become call called "
    "left reached reduced include included watched ate changed fixed rewrote used using use "
    "prefer"
)
PLURAL_ANIMATE = words("i you we they people folks users customers engineers who guys")
ANIMATE = PLURAL_ANIMATE | words(
    "he she everyone everybody someone somebody nobody manager boss lead team client "
    "customer friend mom mum dad brother sister professor teacher interviewer recruiter ceo "
    "cto guy girl engineer colleague coworker mentor director stakeholder stakeholders "
    "managers clients teammate teammates colleagues founder designer intern analyst pm wife "
    "husband roommate"
)


def is_number(word: str) -> bool:
    """Return whether a word is a number, in digits (also `40%`, `$5`, `3x`) or spelled."""
    head = word.lstrip("$€£~").split("-")[0]
    return head[:1].isdigit() or head in NUMBER


def is_adverb(word: str) -> bool:
    """Return whether a word is an adverb, by list or by -ly."""
    return word in ADVERB or (
        word.endswith("ly") and len(word) > 4 and word not in NOT_ADVERB_LY
    )


def is_adjective(word: str) -> bool:
    """Return whether a word is an adjective, by list or by suffix."""
    return word in ADJECTIVE or (
        len(word) > 5 and word.endswith(ADJECTIVE_SUFFIX) and word not in NOT_ADJECTIVE
    )


def is_participle(word: str) -> bool:
    """Return whether a word may be a regular past form or participle."""
    return len(word) > 4 and word.endswith("ed") and not word.endswith("eed")


def is_gerund(word: str) -> bool:
    """Return whether a word ends as a gerund or present participle."""
    return len(word) > 4 and word.endswith("ing") and word not in INDEFINITE_PRONOUN


def is_subject(word: str) -> bool:
    """Return whether a word can only or usually open a clause as its subject."""
    return word in SUBJECT_PRONOUN or word in CONTRACTED_SUBJECT or word in INDEFINITE_PRONOUN


def is_finite(word: str) -> bool:
    """Return whether a word is a finite verb form that is no base form."""
    return (
        word in BE
        or word in HAVE
        or word in DO
        or word in MODAL
        or word in PAST_IRREGULAR
        or is_participle(word)
    )
