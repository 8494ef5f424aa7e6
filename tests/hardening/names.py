"""Names as people's archivers write them, without saying how: how often their encoding is told, by language.

python -m tests.hardening.names --count 300
"""

from __future__ import annotations

import argparse
import random
from collections import Counter

from fsl_demo.core.text_encodings import NAMES, guess

WORDS = {
    "Korean": """
        고양이 강아지 개 말 소 돼지 토끼 호랑이 사자 코끼리 원숭이 거북이 뱀 새 독수리 부엉이 물고기 상어 고래
        나비 벌 개미 꽃 장미 해바라기 나무 사과 배 포도 딸기 수박 복숭아 감자 당근 양파 빨간색 파란색 노란색
        정상 불량 긁힘 찍힘 합격 불합격 검사 제품 자동차 버스 비행기 배터리 책상 의자 컵 병 집 산 바다 하늘 얼굴
        손 발 왼쪽 오른쪽 앞면 뒷면 새 폴더 사진 동물 과일 기타 서울 여름휴가 가족사진 졸업식
    """,
    "Japanese": """
        猫 犬 馬 牛 豚 兎 虎 象 猿 亀 蛇 鳥 魚 鯨 蝶 花 薔薇 木 林檎 葡萄 苺 ねこ いぬ うさぎ りんご ぶどう
        いちご トマト バナナ レモン 赤 青 黄色 正常 異常 傷 汚れ 合格 不合格 検査 製品 自動車 バス 飛行機 電車
        机 椅子 コップ 家 山 海 空 顔 手 足 表 裏 左 右 写真 動物 果物 その他 東京 京都 旅行 新しいフォルダー
        桜の写真 家族 電話 能力 ソース
    """,
    "Chinese (simplified)": """
        猫 狗 马 牛 猪 兔子 老虎 大象 猴子 乌龟 蛇 鸟 鱼 鲸鱼 蝴蝶 花 玫瑰 树 苹果 葡萄 草莓 西瓜 香蕉 柠檬 红色
        蓝色 黄色 正常 异常 划痕 合格 不合格 检测 产品 汽车 公交车 飞机 火车 桌子 椅子 杯子 房子 山 海 天空 脸
        手 脚 正面 背面 左 右 照片 动物 水果 其他 北京 上海 旅行 新建文件夹 家人 螺丝 螺母 缺陷 样本 训练集
        测试集
    """,
    "Chinese (traditional)": """
        貓 狗 馬 牛 豬 兔子 老虎 大象 猴子 烏龜 蛇 鳥 魚 鯨魚 蝴蝶 花 玫瑰 樹 蘋果 葡萄 草莓 西瓜 香蕉 檸檬 紅色
        藍色 黃色 正常 異常 刮痕 合格 不合格 檢測 產品 汽車 公車 飛機 火車 桌子 椅子 杯子 房子 山 海 天空 臉 手
        腳 正面 背面 左邊 右邊 照片 動物 水果 其他 台北 高雄 旅行 新增資料夾 家人 螺絲 螺帽 瑕疵 樣本 訓練 測試
    """,
    "Russian": """
        кошка собака лошадь корова свинья кролик тигр слон
        обезьяна черепаха змея птица рыба кит бабочка цветок
        роза дерево яблоко виноград клубника арбуз банан лимон
        красный синий жёлтый норма брак царапина годен не годен
        проверка изделие автомобиль автобус самолёт поезд стол
        стул чашка дом гора море небо лицо рука нога Новая папка
        Фото Животные Фрукты Прочее Москва Отпуск 2019 Семья
        Снимки ёж щенок объект
    """,
    "Ukrainian": """
        кіт собака кінь корова свиня кролик тигр слон мавпа
        черепаха змія птах риба кит метелик квітка троянда дерево
        яблуко виноград полуниця кавун банан лимон червоний
        синій жовтий їжак є ґрунт Київ Львів Відпустка Світлини
        Тварини Фрукти Інше
    """,
    "Greek": """
        γάτα σκύλος άλογο αγελάδα γουρούνι κουνέλι τίγρης ελέφαντας
        μαϊμού χελώνα φίδι πουλί ψάρι φάλαινα πεταλούδα λουλούδι
        τριαντάφυλλο δέντρο μήλο σταφύλι φράουλα καρπούζι μπανάνα
        λεμόνι κόκκινο μπλε κίτρινο Νέος φάκελος Φωτογραφίες Ζώα
        Φρούτα Άλλα Αθήνα Διακοπές
    """,
    "Hebrew": """
        חתול כלב סוס פרה חזיר ארנב נמר פיל קוף צב נחש ציפור דג לוויתן פרפר פרח ורד עץ תפוח ענבים תות אבטיח בננה
        לימון אדום כחול צהוב תקין פגום תיקייה חדשה תמונות חיות פירות אחר ירושלים חופשה משפחה
    """,
    "Arabic": """
        قطة كلب حصان بقرة أرنب نمر فيل قرد سلحفاة ثعبان طائر سمكة حوت فراشة زهرة وردة شجرة تفاح عنب فراولة بطيخ
        موز ليمون أحمر أزرق أصفر سليم تالف مجلد جديد صور حيوانات فواكه أخرى القاهرة عطلة عائلة
    """,
    "Thai": """
        แมว สุนัข ม้า วัว หมู กระต่าย เสือ ช้าง ลิง เต่า งู นก ปลา วาฬ ผีเสื้อ ดอกไม้ กุหลาบ ต้นไม้ แอปเปิล
        องุ่น สตรอเบอร์รี่ แตงโม กล้วย มะนาว แดง น้ำเงิน เหลือง ปกติ เสีย โฟลเดอร์ใหม่ รูปภาพ สัตว์ ผลไม้ อื่นๆ
        กรุงเทพ
    """,
    "German": """
        Käfer Vögel Größe Maß Bär Fähre Löwe Kühe Hühner Äpfel Früchte Möwe Gänse Straße Höhe Würfel
        Schlüssel Tür Stühle Bäume Blüte Grün Weiß Gemüse Nüsse Müsli Übersicht Öl Rücken Füße Hände
        Köln München Prüfung gut für später
    """,
    "French": """
        forêt rivière chèvre éléphant lézard pêche café thé crème fraîche été hiver à trier
        déchets écureuil hérisson zèbre léopard poème élève vélo hôtel château garçon fenêtre clé
        cœur bœuf œuf Noël
    """,
    "Spanish": """
        ñandú búho pájaro ratón león águila plátano limón melón camión avión montaña niño cigüeña
        pingüino araña café sofá jardín habitación año corazón árbol lápiz
    """,
    "Portuguese": """
        maçã pão avião leão cão coração São Paulo lição pássaro árvore chão limão melão mamão café você
        bebê ônibus água relógio lápis
    """,
    "Nordic": """
        Ærø Ål bjørn fugl på træ æble rødt grønt blå Göteborg älg får kött gås Tromsø sjø fjæra høst
        snö räv öga brød
    """,
    "Polish": """
        pies żółw źrebię łoś gęś kaczka mysz wąż ryba śliwka gruszka jabłko pączek zdjęcia wycieczka Kraków
        Łódź Gdańsk dąb świerk żaba ćma słoń lew niedźwiedź książka krzesło stół łóżko
    """,
    "Czech": """
        kočka pes kůň kráva králík lev tygr slon želva had ryba motýl růže strom jablko třešně švestka
        červený modrý žlutý žába ježek býk příroda věž město moře
    """,
    "Hungarian": """
        kutya ló tehén nyúl tigris elefánt teknős kígyó madár hal bálna pillangó virág rózsa alma
        szőlő eper dinnye piros kék sárga őz fűrész tűz gyümölcs
    """,
    "Turkish": """
        köpek kuş balık kelebek çiçek ağaç üzüm çilek kırmızı yeşil sarı öküz ağız göz diş kaplumbağa
        yılan şeker İstanbul ığdır çöp güneş
    """,
}
ENCODINGS = {
    "Korean": ("cp949",),
    "Japanese": ("cp932",),
    "Chinese (simplified)": ("gbk",),
    "Chinese (traditional)": ("cp950",),
    "Russian": ("cp866", "cp1251"),
    "Ukrainian": ("cp1251",),
    "Greek": ("cp737", "cp1253"),
    "Hebrew": ("cp862", "cp1255"),
    "Arabic": ("cp720", "cp1256"),
    "Thai": ("cp874",),
    "German": ("cp850", "cp1252"),
    "French": ("cp850", "cp1252"),
    "Spanish": ("cp850", "cp1252"),
    "Portuguese": ("cp850", "cp1252"),
    "Nordic": ("cp850", "cp1252"),
    "Polish": ("cp852", "cp1250"),
    "Czech": ("cp852", "cp1250"),
    "Hungarian": ("cp852", "cp1250"),
    "Turkish": ("cp857", "cp1254"),
}
CLASSES = (1, 2, 5, 20)
"""Names in an archive."""


def outcome(names: list[str], encoding: str) -> str:
    """ "right", "told" where two readings are as likely or nobody can tell, "wrong"."""
    raw = [name.encode(encoding, "ignore") for name in names]
    reading = guess(raw, NAMES)
    if not reading.sure or reading.others:
        return "told"
    return "right" if list(reading.texts) == [data.decode(encoding) for data in raw] else "wrong"


def drawn(words: list[str], count: int, chance: random.Random) -> list[str]:
    """Paths of files in so many class folders, each with a few pictures."""
    folders = chance.sample(words, min(count, len(words)))
    return [f"{folder}/{chance.choice(('IMG_', '', folder))}{number}.jpg" for folder in folders for number in range(2)]


def run(language: str, encoding: str, count: int, classes: int) -> Counter[str]:
    chance = random.Random(f"{language} {encoding} {classes}")
    words = [word for word in WORDS[language].split() if not word.isascii()]
    return Counter(outcome(drawn(words, classes, chance), encoding) for _ in range(count))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=300)
    count = options.parse_args().count
    print(f"{'':34}" + "".join(f"{f'{classes} names':>24}" for classes in CLASSES))
    for language, encodings in ENCODINGS.items():
        for encoding in encodings:
            cells = []
            for classes in CLASSES:
                shares = run(language, encoding, count, classes)
                cells.append(" ".join(f"{shares[kind] / count:7.1%}" for kind in ("right", "told", "wrong")))
            print(f"{language + ', ' + encoding:34}" + "".join(map("{:>24}".format, cells)))


if __name__ == "__main__":
    main()
