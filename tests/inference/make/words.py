"""The words that all captures of the lab are made of."""

WORDS = "amber birch cedar delta ember frost grove heath iris jade krill lotus maple noble onyx pearl quartz river slate topaz".split()


def some(dice, count):
    return " ".join(dice.choice(WORDS) for _ in range(count))
