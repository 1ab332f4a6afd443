"""Words of weather services in further languages: what is measured, how a day is summed up, and other scripts.

`driver_words` has English, German, Dutch, French, Spanish, Italian and Portuguese; here are the Nordic languages,
those of central and eastern Europe, Turkish, Russian, Japanese, Chinese and Korean. Latin words have no accents.
"""

from __future__ import annotations

from app.domain.hydrology.driver_units import DriverRole
from app.domain.hydrology.naming import one_of

Role = DriverRole

# How the values of a step are summed up, in all languages; each may stand glued before or behind a quantity.
MEANS = one_of(
    "mean avg ave average media medio medios medias moy moyen moyenne moyennes med medel medelvarde middel mittel mittelwert "
    "mit gem gemiddeld gemiddelde promedio prom keski keskiarvo srednia sredni srednie prumer prumerna atlag atlagos "
    "kozep ortalama sredna srednja prosjek"
)
LOWS = one_of(
    "min minimum mini minima minimo minimos minimas minime minimal minsta lagsta lavest laveste lavst alin najnizsza "
    "najnizsze "
    "minimalna minimalni nejnizsi legkisebb legalacsonyabb dusuk minimalnaya tiefst tiefste lowest low lo minst"
)
HIGHS = one_of(
    "max maximum maxi maxima maximo maximos maximas massima massime maximal hogsta storsta hoyest hoyeste hojest hojeste "
    "hogst ylin "
    "najwyzsza najwyzsze maksymalna maksymalny maksymalne maximalni nejvyssi legnagyobb legmagasabb yuksek maksimum "
    "hoechst hochst hochste highest high hi maks maksimal maksimi massimo"
)
SUMS = one_of(
    "sum summe summa suma somme som soma somma totale totaal totaux tot total totals totali totales gesamt uhrn osszeg "
    "toplam acumulada acumulado cumulee cumule cumulo cumulata cumulato kumulativ accum accumulated accumulation acc "
    "menge mangd mengde maengde maara quantite cantidad quantita ilosc mennyiseg miktari miktar"
)
DAYS = one_of(
    "daily day diaria diario diarias giornaliera giornaliero journalier journaliere quotidien quotidienne taglich "
    "taegliche tages dygn dogn dygns dogns dagligt daglig vuorokausi vuorokauden paivittainen dobowa dobowy dobowe "
    "dobova denni napi gunluk hourly horaria horario stundlich uurlijks timme time_mean monthly mensuelle mensual "
    "mensal manadlig miesieczna mesicni havi aylik"
)
# What else names of drivers have beside, and what means nothing by itself.
PLACES = one_of(
    "aut automatica automatico convencional ar aria aire air luft lucht ilman powietrza vzduchu vzduch hava lufta "
    "estacao estacion stazione poste abri sous sur auf uber nad em en in en_el h24 instant instantanea instantaneo "
    "relatif relativni relativa wzgledna suhteellinen bagil oransal globale global globalna globalni globalne toplami "
    "do dell dello al ou et och og ja na wody vodni best estimate"
)
KNOWN_ELSEWHERE = one_of(
    "vitesse velocidade velocidad velocita predkosc rychlost hastighet hastighed nopeus hizi sebesseg styrke "
    "wiatru vetru vinden tuulen ruzgar szel energia energy energie gesamt suma horni potentiell potentielle "
    "potenziale riferimento referencia referencja potencjalna atmosferica atmosferico atmosferico atmosferyczne "
    "vapor vapore vapeur pary poziomie morza stacji nivel mar"
)
STEMS_ELSEWHERE = (
    (Role.VAPOUR_PRESSURE, r"angtryck|damptrykk|damptryk|dampf|dampfdr|tenzija|paranyomas|vapou?rpressure"),
    (Role.EVAPORATION, r"avdunstning\w*|fordamp\w*|fordunst\w*|haihdunta\w*|parowani\w*|ewapotranspirac\w*|ewap\w*|"
     r"vypar\w*|parolgas\w*|buharlasma\w*|isparavanje|izhlapevanje|evaporimetr\w*"),
    (Role.SNOW, r"sno(djup|dybde|mangd|fall)\w*|sne(dybde|fald)\w*|lumen(syvyys)?|lumensyvyys|lumi|snieg\w*|"
     r"sniez\w*|snih\w*|sneh\w*|hovastagsag\w*|hoteher|snijeg\w*|zapada|nivometr\w*|nevosa|kar_?kalinligi"),
    (Role.RADIATION, r"\w*stralning|\w*straling|\w*sateily|promieniowani\w*|zareni\w*|\w*sugarzas\w*|radyasyon\w*|"
     r"irradia\w*|globalstr\w*|solarradiation|solarenergy|solarirradiance|glorad|solrad\w*|isinim\w*|gsr|dswrf\w*|"
     r"rayonn\w*|radiaz\w*|globalstrahlung\w*|zonnestraling\w*|radiacao|radiacion|srad\w*|ghi"),
    (Role.HUMIDITY, r"\w*fuktighet|\w*fugtighed|\w*kosteus|wilgotnosc\w*|vlhkost\w*|\w*paratartalom|umezeala|vlaga|"
     r"vlaznost\w*|humidite|umid|relfeuchte|relhumid\w*"),
    (Role.WIND, r"vind(?!retning|riktning)\w*|byvind|middelvind|tuuli|tuulennopeus|wiatr|wiatru|\w*szelsebesseg|"
     r"ruzgar\w*|vjetar|veter|vetrnost|wspd|wndspd|wspeed|windvel\w*|vitvent|velviento|ventomedio|windspd\w*"),
    (Role.TEMPERATURE, r"\w*lampotila|teplot\w*|\w*homerseklet\w*|sicaklik\w*|lufttemp\w*|tempo?ut|airtmp|"
     r"tempout\w*|outtemp\w*|tempair|tempaer"),
    (Role.RAIN, r"sade(maara)?|sadanta|sadesumma|opad\w*|srazk\w*|srazek|zrazk\w*|csapadek\w*|yagis\w*|oborin\w*|padavin\w*|"
     r"nedbor\w*|nederb\w*|regn(mangd)?|precipitatii|pluvia\w*|precipitaz\w*|dailyrain\w*|totalprecip\w*|"
     r"precipt\w*|precipsum|raintot\w*"),
    (Role.PRESSURE, r"lufttryck\w*|lufttrykk\w*|lufttryk\w*|ilmanpaine\w*|cisnieni\w*|legnyomas\w*|basinc\w*|presiune|"
     r"baromrel\w*|baromabs\w*|stnpres\w*|pressao|patm|sealevelpressure|seapressure|stationpressure"),
    (Role.STAGE, r"vattenstand\w*|vannstand\w*|vandstand\w*|vedenkorkeus|vizallas\w*|vodostaj\w*"),
)  # fmt: skip
PAIRS_ELSEWHERE = (
    (Role.VAPOUR_PRESSURE, {"tension", "vapor"}),
    (Role.VAPOUR_PRESSURE, {"cisnienie", "pary"}),
    (Role.VAPOUR_PRESSURE, {"tlak", "pary"}),
    (Role.VAPOUR_PRESSURE, {"tension", "vapeur"}),
    (Role.VAPOUR_PRESSURE, {"pressione", "vapore"}),
    (Role.VAPOUR_PRESSURE, {"vap", "pres"}),
    (Role.WIND, {"predkosc", "wiatru"}),
    (Role.WIND, {"rychlost", "vetru"}),
    (Role.WIND, {"tuulen", "nopeus"}),
    (Role.PRESSURE, {"tlak", "vzduchu"}),
    (Role.STAGE, {"stan", "wody"}),
    (Role.STAGE, {"vodni", "stav"}),
    (Role.STAGE, {"su", "seviyesi"}),
    (Role.STAGE, {"cota", "rio"}),
    (Role.SNOW, {"kar", "kalinligi"}),
    (Role.SNOW, {"pokrywa", "sniezna"}),
    (Role.RADIATION, {"sol", "rad"}),
    (Role.RADIATION, {"solar", "rad"}),
    (Role.RADIATION, {"solar", "energy"}),
    (Role.RADIATION, {"global", "horizontal"}),
)
# Compounds that measure something else than the air, or how long, how often or from where.
OTHER_COMPOUNDS = (
    r"^(dagg|dugg|tau|dauw|dog)(punkt|punt|pkt)|^kastepiste|^(boden|erd|wasser|vatten|vann|vand|jord|mark|sjo|hav|"
    r"maan|veden|talaj|viz|bodem|water|soil|sea|skin|surface|ground|lake|river|pool|indoor|grass|wet)_?(temp|lampot|homers)|"
    r"^(vind|wind)(retning|riktning|richtung|richting|chill|dir)|suunta|^kierunek|^smer$|irany|yonu$|^humidex|^heatindex"
)
# Endings that, glued to a quantity, make of it something else.
OTHER_ENDINGS = tuple(
    one_of(
        "prob probability type types cover coverage days count flag chance index code category hours class rank quality "
        "ratio anomaly score risk sensor status direction dir degree bearing alert warning unit units"
    )
)
# Other scripts, a piece at a time and longest first, put into the words that the grammar reads.
SCRIPTS = {
    # Japanese, as the Japan Meteorological Agency writes its columns; then Chinese; then Korean; then Russian.
    "品質情報": "flag", "均質番号": "flag", "現象なし情報": "flag", "降水量": "precipitation", "降雨量": "rainfall",
    "雨量": "rainfall", "気温": "air temperature", "海面気圧": "sea level pressure", "現地気圧": "station pressure",
    "気圧": "pressure", "相対湿度": "relative humidity", "湿度": "humidity", "蒸気圧": "vapour pressure",
    "全天日射量": "global radiation", "日射量": "radiation", "日照時間": "sunshine", "可照時間": "daylength",
    "風速": "wind speed", "瞬間風速": "wind gust", "風向": "direction", "積雪深": "snow depth", "最深積雪": "max snow depth",
    "積雪": "snow depth", "降雪量": "snowfall", "降雪": "snowfall", "蒸発量": "evaporation", "蒸発散量": "evapotranspiration",
    "露点温度": "dew", "露点": "dew", "水温": "water temp", "地温": "soil temp", "雲量": "cloud", "水位": "water level",
    "視程": "visibility", "平均": "mean", "最高": "max", "最低": "min", "最大": "max", "最小": "min", "合計": "sum",
    "日": "daily", "月": "monthly", "時間": "hourly", "の": " ", "値": " ", "年": "annual",
    "降水": "precipitation", "气温": "air temperature", "气压": "pressure", "相对湿度": "relative humidity",
    "相對濕度": "relative humidity", "氣溫": "air temperature", "氣壓": "pressure", "湿润": "humidity index",
    "水汽压": "vapour pressure", "水汽壓": "vapour pressure", "风速": "wind speed", "風力": "wind speed",
    "风向": "direction", "蒸发量": "evaporation", "蒸发": "evaporation", "蒸散量": "evapotranspiration",
    "蒸散": "evapotranspiration", "潜在": "potential", "太阳辐射": "solar radiation", "总辐射": "global radiation",
    "辐射量": "radiation", "辐射": "radiation", "輻射": "radiation", "日照时数": "sunshine", "日照時數": "sunshine",
    "积雪深度": "snow depth", "雪深": "snow depth", "雪水当量": "snow water equivalent", "积雪": "snow depth",
    "云量": "cloud", "土壤": "soil", "地面": "ground", "地表": "surface", "本站": "station", "累计": "sum",
    "海平面": "sea level", "小时": "hourly", "温度": "temperature", "溫度": "temperature", "总": "total", "最": "",
    "日数": "days", "天数": "days", "质量": "quality", "标志": "flag", "距平": "anomaly",
    "강수량": "precipitation", "강우량": "rainfall", "기온": "air temperature", "해면기압": "sea level pressure",
    "현지기압": "station pressure", "기압": "pressure", "상대습도": "relative humidity", "습도": "humidity",
    "증기압": "vapour pressure", "일사량": "radiation", "일사": "radiation", "일조시간": "sunshine", "일조": "sunshine",
    "가조시간": "daylength", "풍속": "wind speed", "풍향": "direction", "풍정": "direction", "적설": "snow depth",
    "최심": "max", "신적설": "snowfall", "증발량": "evaporation", "이슬점온도": "dew", "이슬점": "dew",
    "지면온도": "ground temp", "초상온도": "grass soil temp", "지중온도": "soil temp", "수온": "water temp",
    "전운량": "cloud", "운량": "cloud", "수위": "water level", "평균": "mean", "최고": "max", "최저": "min",
    "최대": "max", "순간": "instantaneous", "합계": "sum", "누적": "sum", "대형": "pan", "소형": "pan", "일": "daily",
    "월": "monthly", "시간": "hourly", "계속시간": "duration", "시각": "time code", "품질": "quality", "플래그": "flag",
    "осадк": "precipitation", "осадков": "precipitation", "дожд": "rain", "температур": "temperature",
    "воздух": "air", "вод": "water", "почв": "soil", "точк": "dew", "рос": "dew", "поверхност": "surface",
    "относительн": "relative", "влажност": "humidity", "давлени": "pressure", "атмосферн": "atmospheric",
    "станци": "station", "мор": "sea", "уровн": "level", "уровень": "level", "упругост": "vapour", "парциальн": "vapour",
    "водяного пара": "vapour", "пара": "vapour", "дефицит": "deficit", "ветр": "wind", "ветер": "wind", "скорост": "speed",
    "направлени": "direction", "порыв": "gust", "снег": "snow", "снежн": "snow", "высот": "depth", "покров": " ",
    "запас": "equivalent", "солнечн": "solar", "радиаци": "radiation", "суммарн": "total", "испарени": "evaporation",
    "испаряемост": "evaporation", "облачност": "cloud", "средн": "mean", "минимальн": "min", "максимальн": "max",
    "наименьш": "min", "наибольш": "max", "сумм": "sum", "количеств": "amount", "суточн": "daily", "сутки": "daily",
    "месячн": "monthly", "дней": "days", "признак": "flag", "качеств": "quality", "сияни": "sunshine",
}  # fmt: skip
