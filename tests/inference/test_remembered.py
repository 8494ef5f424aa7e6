"""What is made of pictures is made once, as long as it is among the latest."""

from PIL import Image

from fsl_demo.core.pictures import Picture, from_image
from fsl_demo.inference.remembered import Remembered


def test_each_picture_is_asked_for_once_until_it_is_forgotten() -> None:
    pictures = [from_image(Image.new("RGB", (1, 1), (number, 0, 0)), f"{number}.png") for number in range(4)]
    asked: list[str] = []
    kept: Remembered[str] = Remembered(2)

    def make(missing: list[Picture]) -> list[str]:
        asked.extend(picture.name for picture in missing)
        return [picture.name for picture in missing]

    assert kept([pictures[0], pictures[1], pictures[0]], make) == ["0.png", "1.png", "0.png"]
    assert kept(pictures[:2], make) == ["0.png", "1.png"] and asked == ["0.png", "1.png"]
    assert kept(pictures, make) == [picture.name for picture in pictures] and asked[2:] == ["2.png", "3.png"]
    kept([pictures[0]], make)
    assert asked[4:] == ["0.png"] and kept([], make) == []
