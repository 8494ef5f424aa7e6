"""Every text of the page, in English and Traditional Chinese. Keys of errors are `error.CODE`."""

from __future__ import annotations

from typing import Any

from fsl_demo.errors import MESSAGES
from fsl_demo.ui.errors_zh import ERRORS_ZH

LANGUAGES = ("en", "zh-TW")

TEXTS: dict[str, tuple[str, str]] = {
    # labels of Gradio's own components (no dots: its translations treat a dot as a path)
    "tab_workbench": ("Workbench", "工作台"),
    "tab_results": ("Results", "結果"),
    "tab_label": ("Label and save", "標記與儲存"),
    "tab_search": ("Search", "搜尋"),
    "tab_collection": ("Collection", "收藏"),
    "label_matrix_of": ("Method", "方法"),
    "label_matrix": ("Similarity of each query to each class", "每個查詢與各類別的相似度"),
    "label_map": ("Map of the embeddings (first two principal components)", "特徵分布圖（前兩個主成分）"),
    # header and progress
    "app_title": ("Few-shot workbench", "少樣本影像分類工作台"),
    "runs_on": ("{device}, {threads} threads", "{device}，{threads} 執行緒"),
    "private": ("offline: pictures stay on this machine", "離線：圖片不會離開這台電腦"),
    "dark": ("Light or dark", "淺色或深色"),
    "stage.weights": ("loading weights", "載入權重"),
    "stage.connect": ("connecting", "連線中"),
    "stage.download": ("downloading: {done} of {total} MB", "下載中：{done} / {total} MB"),
    "stage.embed": ("embedding pictures: {done} of {total}", "計算圖片特徵：{done} / {total}"),
    "stage.score": ("scoring", "計算分數"),
    "stop": ("Stop", "停止"),
    "stopped": ("Stopped. What was computed so far is kept for the next time.", "已停止。已計算的部分會保留到下次使用。"),
    # workbench
    "title": ("Title of the episode", "任務標題"),
    "title_placeholder": ("Untitled episode", "未命名的任務"),
    "new": ("New", "新增"),
    "duplicate": ("Duplicate", "複製"),
    "clear": ("Clear", "清空"),
    "undo": ("Undo", "復原"),
    "start": ("Which class is each picture?", "每張圖片屬於哪一類？"),
    "start_hint": (
        "Name two or more classes, drop a few pictures of each (or only describe them), add pictures to classify,"
        " and press Predict. Or begin with an example:",
        "為兩個以上的類別命名，各放入幾張圖片（或只寫描述），加入要分類的圖片，然後按「預測」。也可以先從範例開始：",
    ),
    "examples": ("Examples", "範例"),
    "support_set": ("Support set", "支援集"),
    "n_way_k_shot": ("{way}-way {shot}-shot", "{way} 類 {shot} 樣本"),
    "class_n": ("Class {n}", "類別 {n}"),
    "class_name": ("name", "名稱"),
    "description": ("description in English", "英文描述"),
    "description_placeholder": (
        "Optional description in English, one phrasing a line: “a photo of a tabby cat”",
        "選填：英文描述，每行一種說法，例如 a photo of a tabby cat（文字模型只讀英文）",
    ),
    "english_wanted": (
        "{method} reads English only. Describe this class in English, so that it can use the text.",
        "{method} 的文字模型只讀英文。請用英文描述這個類別，它才能使用文字。",
    ),
    "drop_pictures": ("drop or paste pictures here", "把圖片拖放或貼到這裡"),
    "add_class": ("Add class", "新增類別"),
    "remove_class": ("Remove this class", "移除這個類別"),
    "upload_folder": ("Folder of class folders", "含類別資料夾的資料夾"),
    "upload_zip": ("Zip of class folders", "含類別資料夾的 zip"),
    "add_pictures": ("Pictures", "圖片"),
    "add_queries": ("Pictures", "圖片"),
    "remove_picture": ("Remove {name}", "移除 {name}"),
    "move_picture": ("Move {name} to another place", "把 {name} 移到別處"),
    "move_to": ("Move to …", "移到…"),
    "queries": ("Queries", "查詢圖片"),
    "queries_hint": ("Drop the pictures that you want classified here.", "把要分類的圖片拖放到這裡。"),
    "and_more": ("and {n} more", "還有 {n} 項"),
    "methods": ("Methods", "方法"),
    "method.prototype": (
        "Compares each query with the mean of each class's pictures.",
        "把每張查詢圖片與各類別圖片的平均特徵比較。",
    ),
    "method.asif": (
        "Compares each query with the class names and descriptions, in English, and with the pictures if there are any.",
        "把每張查詢圖片與類別名稱、英文描述比較；若有支援圖片也一併使用。",
    ),
    "method.compact-vlm": (
        "A built-in model of pictures and English text: prompts made of the class names and descriptions, and the pictures if there are any.",
        "內建的圖文模型：用類別名稱與英文描述組成的提示句比較；若有支援圖片也一併使用。",
    ),
    "method.clip": (
        "A CLIP model that you choose compares each query with prompts made of the class names, and with the pictures if there are any.",
        "由您選擇的 CLIP 模型把每張查詢圖片與類別名稱組成的提示句比較；若有支援圖片也一併使用。",
    ),
    "method.linear-probe": (
        "Logistic regression on the pictures of every class, in the built-in model's space: what pictures alone are worth there.",
        "在內建模型的空間裡，以各類別的圖片做邏輯迴歸：顯示只靠圖片能達到的程度。",
    ),
    "method.siamese": (
        "Distance between twin networks trained on pairs: digits, characters, faces, photographs. Crop face pictures to the face.",
        "以成對圖片訓練的孿生網路之距離：數字、文字、臉、照片。臉部圖片應先裁切到臉。",
    ),
    "method.siamese-cbam": (
        "The same with attention over channels and positions in every block; shows where it looks.",
        "同上，每個區塊都有通道與位置注意力，並顯示它看哪裡。",
    ),
    "method.s3net": (
        "The same network trained with S3Net's dual adaptive loss.",
        "以 S3Net 雙重自適應損失訓練的相同網路。",
    ),
    "method.can": (
        "Query and class point out to each other which positions to compare; select a place to see what it attends to.",
        "查詢與類別互相指出該比較哪些位置；點選一處即可看到它注意什麼。",
    ),
    "method.can-transductive": (
        "The same, with the queries it is surest of as further support: answers depend on the other queries.",
        "同上，並把最有把握的查詢加入支援集：答案會受其他查詢影響。",
    ),
    "needs_pictures": ("needs pictures of every class", "每個類別都需要圖片"),
    "works_from_text": ("works from text alone", "只有文字也能用"),
    "cost": ("about {ms} ms a new picture", "每張新圖片約 {ms} 毫秒"),
    "settings": ("Settings", "設定"),
    "automatic": ("automatic", "自動"),
    "setting.none_below": ("“None of these” below similarity", "相似度低於此值視為「以上皆非」"),
    "setting.model": ("Model", "模型"),
    "setting.pictures": ("Weight of pictures against text", "圖片相對於文字的權重"),
    "setting.sharpness": ("Sharpness of the pictures (beta)", "圖片的銳利度（beta）"),
    "setting.templates": ("Prompt templates", "提示範本"),
    "setting.blend": ("Weight of pictures against text", "圖片相對於文字的權重"),
    "setting.variant": ("Trained on", "訓練資料"),
    "variant.digits": ("digits", "數字"),
    "variant.digits_0_to_4": ("digits 0 to 4 only", "僅數字 0 到 4"),
    "variant.characters": ("characters", "文字"),
    "variant.faces": ("faces", "臉"),
    "variant.photographs": ("photographs", "照片"),
    "variant.small": ("small pictures", "小圖片"),
    "variant_for": ("the network for {kind}", "用於{kind}的網路"),
    "variant_reason.asked": ("as you chose", "依您的選擇"),
    "variant_reason.only": ("the only one", "唯一的選項"),
    "variant_reason.looks": ("because of how the pictures look", "依圖片的外觀"),
    "variant_reason.held_out": (
        "it gets most support pictures right when each is left out in turn",
        "逐一留出支援圖片時，它答對最多",
    ),
    "weights_of": ("Weights of {method}", "{method} 的權重"),
    "weights_here": ("{name} is on this machine.", "{name} 已在這台電腦上。"),
    "weights_absent": (
        "{name} ({size}; licence: {licence}) is not on this machine. Download it? Only this file is fetched; no picture leaves.",
        "這台電腦沒有 {name}（{size}；授權：{licence}）。要下載嗎？只會取回這個檔案，圖片不會離開。",
    ),
    "weights_size": ("about {megabytes} MB", "約 {megabytes} MB"),
    "weights_size_unknown": ("its size is shown when the download begins", "大小會在開始下載時顯示"),
    "weights_licence_unknown": ("see the model's own page", "請見模型的網頁"),
    "weights_offline": (
        "Without network: bring the file along, and write {name}:/path/to/file under Settings, or local-dir:/folder.",
        "沒有網路時：帶來檔案，並在「設定」寫 {name}:/path/to/file 或 local-dir:/資料夾。",
    ),
    "download": ("Download", "下載"),
    "not_now": ("Not now: leave this method out", "先不要：不用這個方法"),
    "downloaded": ("The weights are on this machine now.", "權重已在這台電腦上。"),
    "download_stopped": ("Stopped. Nothing of the download was kept.", "已停止，下載的內容沒有保留。"),
    "crop_faces": ("Crop to faces", "裁切臉部"),
    "crop_faces_hint": (
        "Puts the largest face of each picture in its place, framed as the face networks expect. Undo brings the pictures back.",
        "把每張圖片換成其中最大的臉，並以臉部網路預期的方式取景。可用「復原」還原。",
    ),
    "predict": ("Predict", "預測"),
    "outdated": (
        "The support set has changed since the last prediction. Predict again.",
        "上次預測之後支援集已變更，請重新預測。",
    ),
    # results
    "no_results": ("No prediction yet", "尚未預測"),
    "no_results_hint": (
        "Fill the Workbench, or open an example there, and press Predict.",
        "請在「工作台」填入內容或開啟範例，然後按「預測」。",
    ),
    "seconds": ("{s:.2f} s", "{s:.2f} 秒"),
    "none_under": ("none of these below {x:.2f}", "低於 {x:.2f} 視為以上皆非"),
    "results_summary": ("{n} queries; the methods differ on {differ}.", "{n} 張查詢圖片；方法意見不同的有 {differ} 張。"),
    "n_queries": ("{n} queries", "{n} 張查詢圖片"),
    "sort_by": ("Sort by", "排序"),
    "sort.order": ("order of the queries", "查詢順序"),
    "sort.uncertain": ("least sure first", "最不確定的在前"),
    "sort.disagree": ("disagreement first", "意見不同的在前"),
    "results_file": ("results.csv", "結果.csv"),
    "query": ("Query", "查詢圖片"),
    "methods_differ": ("methods differ", "方法意見不同"),
    "not_predicted": ("Added after the prediction. Predict again.", "預測後才加入，請重新預測。"),
    "none": ("none of these", "以上皆非"),
    "removed_class": ("(removed class)", "（已移除的類別）"),
    "transductive": ("transductive", "直推式"),
    "why": ("why?", "為什麼？"),
    "page_of": ("page {n} of {total}", "第 {n} / {total} 頁"),
    "similarity": ("similarity", "相似度"),
    "component": ("component {n}", "成分 {n}"),
    # explanation
    "why_hint": ("Select an answer in the table to see what it is based on.", "在表格中點選一個答案，查看它的依據。"),
    "why_title": ("Why “{name}”? ({method})", "為什麼是「{name}」？（{method}）"),
    "explain_class": ("Explain another class", "解釋另一個類別"),
    "opacity": ("Heat map opacity", "熱圖不透明度"),
    "less": ("less evidence", "證據較少"),
    "more": ("more evidence", "證據較多"),
    "map.evidence": ("Evidence", "證據"),
    "map.attention": ("Attention (CBAM)", "注意力（CBAM）"),
    "map.cross": ("Cross attention", "交叉注意力"),
    "map.point": ("Attended by one place", "單一位置的注意力"),
    "map_hint.attention": (
        "What the attention of the first block lets through at each position, whatever the class, from least to most.",
        "第一個區塊的注意力在每個位置讓多少訊號通過，與類別無關，由少到多。",
    ),
    "map_hint.cross": (
        "Where query and class look for each other's sake, on one colour scale for all classes of this query."
        " Select a place on either picture to see what it attends to on the other.",
        "查詢與類別為了彼此而注意的位置；同一張查詢圖片的所有類別共用一個色階。點選任一張圖片上的位置，即可看到它在另一張上注意什麼。",
    ),
    "map_hint.point": (
        "One picture: the place you selected. The other: how like it each position is. Arrow keys move the place.",
        "一張圖片：您選取的位置。另一張：每個位置與它的相似程度。方向鍵可移動位置。",
    ),
    "point_back": ("Back to the cross attention", "回到交叉注意力"),
    "point_on": ("Select a place on this picture", "在這張圖片上選取位置"),
    "strongest_channels": ("Strongest channels of the last block", "最後一個區塊中最強的通道"),
    "channel_n": ("channel {n}", "通道 {n}"),
    "distance": ("distance", "距離"),
    "label_distances": ("Distance of each query to each support picture", "每張查詢圖片與每張支援圖片的距離"),
    "map_hint.evidence": (
        "Each position's share of the class's score, on one colour scale for all classes of this query."
        " Dimmed margins were not seen by the network.",
        "每個位置對類別分數的貢獻；同一張查詢圖片的所有類別共用一個色階。變暗的邊緣是網路沒有看到的部分。",
    ),
    "role.query": ("Query", "查詢圖片"),
    "role.support": ("Support picture", "支援圖片"),
    "heat_map_alt": ("heat map", "熱圖"),
    "download_picture": ("Download as shown", "依顯示內容下載"),
    "nearest_support": ("Most similar support pictures", "最相似的支援圖片"),
    "compare_with": ("Show the heat map of this pair", "顯示這一對圖片的熱圖"),
    "nearest_names": ("Nearest ImageNet names", "最接近的 ImageNet 名稱"),
    "names_hint": (
        "What the network was trained to name; your classes need not be among them.",
        "這是網路受訓時學過的名稱；您的類別不一定在其中。",
    ),
    # label and save
    "nothing_to_label": ("Nothing to label yet", "還沒有可標記的內容"),
    "nothing_to_label_hint": (
        "Add classes and queries on the Workbench. Predict first, and each label comes with a suggestion.",
        "請先在「工作台」加入類別和查詢圖片。先預測的話，每個標記都會附上建議。",
    ),
    "annotator": ("Your name", "您的名字"),
    "annotator_placeholder": ("kept with your labels", "會與標記一起保存"),
    "labelled_of": ("{n} of {total} labelled", "已標記 {n} / {total}"),
    "save_episode": ("Save episode", "儲存任務"),
    "unlabelled": ("no label", "未標記"),
    "confirm": ("Confirm “{name}”", "確認「{name}」"),
    "label": ("Label", "標記"),
    "join_support": ("Move into the support set", "移入支援集"),
    "keys_hint": ("Keys: Enter confirms, 1–9 choose, 0 none, arrows step", "按鍵：Enter 確認、1–9 選擇、0 以上皆非、方向鍵切換"),
    "report_hint_predict": ("Predict, and label some queries, to see how often each method is right.", "先預測並標記幾張圖片，就能看到各方法的正確率。"),
    "report_hint_label": ("Label some queries to see how often each method is right.", "標記幾張圖片，就能看到各方法的正確率。"),
    "right_of": ("{right} of {total} right", "{total} 張中答對 {right} 張"),
    "interval": ("95 % interval {low} to {high}", "95 % 信賴區間 {low} 至 {high}"),
    "confusion_caption": ("Rows: your labels. Columns: the method's answers. Select a number to see its pictures.", "列：您的標記。欄：方法的答案。點選數字查看圖片。"),
    "cell_title": ("Labelled “{truth}”, answered “{said}”:", "標記為「{truth}」，回答「{said}」："),
    "saved": ("Saved in {place} as episode {id}.", "已儲存於 {place}，任務編號 {id}。"),
    # search
    "search.no_model": ("No model to search with", "沒有可用來搜尋的模型"),
    "search.no_model_hint": (
        "Searching needs a method that compares texts with pictures, and none is installed.",
        "搜尋需要能比較文字與圖片的方法，目前沒有安裝。",
    ),
    "search.nothing": ("No pictures to search yet", "還沒有可搜尋的圖片"),
    "search.nothing_hint": (
        "The pictures of saved episodes can be searched: save one under “Label and save”. Or drop pictures here to search them only.",
        "已儲存任務中的圖片都可以搜尋：請在「標記與儲存」儲存任務。也可以把圖片拖放到這裡，只供搜尋。",
    ),
    "search.folder": ("Folder", "資料夾"),
    "search.sentence": ("What the pictures show", "圖片的內容"),
    "search.placeholder": ("What do the pictures show? “a dog in the snow”", "圖片裡有什麼？請用英文，例如 a dog in the snow"),
    "search.find": ("Search", "搜尋"),
    "search.hint": (
        "Saved episodes and pictures added here are searched. Tick pictures to send them to the Workbench; Shift ticks a range.",
        "搜尋範圍是已儲存的任務與在此加入的圖片。勾選圖片即可送到工作台；按住 Shift 可連續勾選。",
    ),
    "search.model": ("Model", "模型"),
    "search.only": ("Class", "類別"),
    "search.all_classes": ("all classes", "所有類別"),
    "search.unlabelled": ("without a class", "沒有類別"),
    "search.latest": ("Pictures: {n}, the latest first", "圖片 {n} 張，最新的在前"),
    "search.by_sentence": ("Pictures: {n}, those most like “{sentence}” first", "圖片 {n} 張，最符合「{sentence}」的在前"),
    "search.like": ("Pictures: {n}, those most like {name} first", "圖片 {n} 張，最像 {name} 的在前"),
    "search.back": ("Back", "返回"),
    "search.tick_all": ("Select all shown", "全選目前顯示的圖片"),
    "search.unranked": ("Not ranked yet, because they were added since: {n}.", "之後才加入、尚未排序的圖片：{n} 張。"),
    "search.again": ("Search again", "重新搜尋"),
    "search.no_match": ("Nothing to show. Choose another class, or search again.", "沒有可顯示的圖片。請選擇其他類別，或重新搜尋。"),
    "search.more": ("More ({n})", "更多（{n}）"),
    "search.similar": ("Similar", "相似圖片"),
    "search.selected": ("Selected", "已選取"),
    "search.to_queries": ("Send to the queries", "送到查詢圖片"),
    "search.to_support": ("Send to the support set of", "送到支援集的類別"),
    "search.target": ("Class on the Workbench", "工作台上的類別"),
    "search.new_class": ("new class “{name}”", "新類別「{name}」"),
    "search.a_new_class": ("a new class", "新類別"),
    "search.take_out": ("Take out of the search", "移出搜尋範圍"),
    "search.taken_out": ("Taken out of the search: {n}.", "已移出搜尋範圍：{n} 張。"),
    "search.staying": ("Pictures of saved episodes stay in the search: {n}.", "屬於已儲存任務的圖片仍可搜尋：{n} 張。"),
    "search.sent_to_queries": (
        "Sent to the queries: {n}. Undo on the Workbench takes this back.",
        "已送到查詢圖片：{n} 張。可在工作台按「復原」取消。",
    ),
    "search.sent_to_support": (
        "Sent to the support set of “{name}”: {n}. Undo on the Workbench takes this back.",
        "已送到「{name}」的支援集：{n} 張。可在工作台按「復原」取消。",
    ),
    # collection
    "no_episodes": ("No saved episode yet", "還沒有儲存的任務"),
    "no_episodes_hint": (
        "Save an episode under “Label and save”, or import an export or a zip of class folders.",
        "請在「標記與儲存」儲存任務，或匯入先前的匯出檔、含類別資料夾的 zip。",
    ),
    "nothing_found": ("No episode matches. Clear a filter.", "沒有符合的任務。請清除部分篩選條件。"),
    "select_all": ("Select all", "全選"),
    "select": ("Select", "選取"),
    "episode": ("Episode", "任務"),
    "classes": ("Classes", "類別"),
    "contents": ("Pictures", "圖片"),
    "contents_of": ("{support} support · {queries} queries · {labelled} labelled", "支援 {support} · 查詢 {queries} · 已標記 {labelled}"),
    "saved_at": ("Saved (UTC)", "儲存時間（UTC）"),
    "untitled": ("Untitled episode", "未命名的任務"),
    "drafts": ("Unsaved drafts", "未儲存的草稿"),
    "continue": ("Continue", "繼續"),
    "reopen": ("Reopen", "重新開啟"),
    "delete": ("Delete", "刪除"),
    "deleted": ("The episode is deleted.", "任務已刪除。"),
    "search": ("Search titles, classes, descriptions and file names", "搜尋標題、類別、描述與檔名"),

    "method": ("Method", "方法"),
    "any_class_name": ("any class", "所有類別"),
    "any_method": ("any method", "所有方法"),
    "since": ("From", "從"),
    "until": ("to", "到"),
    "export_format": ("Export format", "匯出格式"),
    "format.imagefolder": ("ImageFolder zip", "ImageFolder zip"),
    "format.huggingface": ("Hugging Face imagefolder", "Hugging Face imagefolder"),
    "format.csv": ("CSV", "CSV"),
    "export": ("Export", "匯出"),
    "exported": ("Exported episodes: {n}. Download:", "已匯出 {n} 個任務。下載："),
    "export_hint": ("the ticked episodes, or all in the list", "匯出勾選的任務；未勾選則匯出列表全部"),
    "import": ("Import", "匯入"),
    "imported": ("Imported episodes: {n}.", "已匯入 {n} 個任務。"),
    "stat.episodes": ("episodes", "任務"),
    "stat.pictures": ("pictures", "圖片"),
    "stat.classes": ("classes", "類別"),
    "stat.labels": ("labels", "標記"),
    "stat.megabytes": ("MB on disk", "MB 磁碟空間"),
    # drafts
    "conflict": (
        "Another tab has saved a newer state of this episode. What you do here is no longer saved.",
        "另一個分頁已儲存這個任務的較新內容，您在這裡的變更不會再被儲存。",
    ),
    "keep_copy": ("Continue as a copy", "另存為副本並繼續"),
    "take_newer": ("Load the newer state", "載入較新的內容"),
    "unexpected": ("Something went wrong, and nothing was lost: {error}", "發生錯誤，但沒有遺失任何內容：{error}"),
}  # fmt: skip


def text(language: str, key: str, **params: Any) -> str:
    """The text called `key` in a language, filled in.

    Raises:
        KeyError: for a key that there is not.
    """
    if key.startswith("error."):
        code = key.removeprefix("error.")
        template = (ERRORS_ZH if language == "zh-TW" else MESSAGES)[code]
    else:
        template = TEXTS[key][LANGUAGES.index(language)]
    return template.format(**params)


def translations() -> dict[str, dict[str, str]]:
    """The labels of Gradio's own components, by language."""
    keys = [key for key in TEXTS if key.startswith(("tab_", "label_"))]
    return {language: {key: TEXTS[key][i] for key in keys} for i, language in enumerate(LANGUAGES)}
