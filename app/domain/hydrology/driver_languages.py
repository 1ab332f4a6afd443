"""Words of weather services in further languages and scripts, for column names.

`driver_words` has English, German, Dutch, French, Spanish, Italian and Portuguese; here are the Nordic languages,
those of central and eastern Europe, Turkish, Russian, Japanese, Chinese and Korean. Latin words have no accents.
"""

from __future__ import annotations

from app.domain.hydrology.driver_units import DriverRole
from app.domain.hydrology.naming import one_of

Role = DriverRole

# How the values of a step are summed up, in all languages; each may stand glued before or behind a quantity.
MEANS = one_of(
    "mean avg ave average media medio medios medias moy moyen moyenne moyennes med medel medelvarde middel mittel "
    "mittelwert "
    "mit gem gemiddeld gemiddelde promedio prom keski keskiarvo srednia sredni srednie prumer prumerna atlag atlagos "
    "kozep ortalama sredna srednja prosjek"
)
LOWS = one_of(
    "min minimum mini minima minimo minimos minimas minime minimal minsta lagsta lavest laveste lavst alin najnizsza "
    "najnizsze "
    "minimalna minimalni nejnizsi legkisebb legalacsonyabb dusuk minimalnaya tiefst tiefste lowest low lo minst"
)
HIGHS = one_of(
    "max maximum maxi maxima maximo maximos maximas massima massime maximal hogsta storsta hoyest hoyeste hojest "
    "hojeste "
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
    "estacao estacion stazione poste abri sous sur auf uber nad em en h24 instant instantanea instantaneo "
    "relatif relativni relativa wzgledna suhteellinen bagil oransal globale global globalna globalni globalne toplami "
    "do dell dello al ou et och og ja na wody vodni i set best estimate"
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
    (Role.RAIN, r"sade(maara)?|sadanta|sadesumma|opad\w*|srazk\w*|srazek|zrazk\w*|csapadek\w*|yagis\w*|oborin\w*|"
     r"padavin\w*|"
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
    (Role.VAPOUR_PRESSURE, {"vp", "deficit"}),
    (Role.WIND, {"predkosc", "wiatru"}),
    (Role.WIND, {"rychlost", "vetru"}),
    (Role.WIND, {"tuulen", "nopeus"}),
    (Role.PRESSURE, {"tlak", "vzduchu"}),
    (Role.STAGE, {"stan", "wody"}),
    (Role.STAGE, {"vodni", "stav"}),
    (Role.STAGE, {"su", "seviyesi"}),
    (Role.STAGE, {"cota", "rio"}),
    (Role.HUMIDITY, {"nispi", "nem"}),
    (Role.HUMIDITY, {"bagil", "nem"}),
    (Role.HUMIDITY, {"ortalama", "nem"}),
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
    r"maan|veden|talaj|viz|bodem|water|soil|sea|skin|surface|ground|lake|river|pool|indoor|grass|wet)_?(temp|lampot|"
    r"homers)|"
    r"^(vind|wind)(retning|riktning|richtung|richting|chill|dir)|suunta|^kierunek|^smer$|irany|yonu$|^humidex|"
    r"^heatindex"
)
# Endings that, glued to a quantity, make of it something else.
OTHER_ENDINGS = tuple(
    one_of(
        "prob probability type types cover coverage days count flag chance index code category hours class rank "
        "quality "
        "ratio anomaly score risk sensor status direction dir degree bearing alert warning unit units"
    )
)
# Other scripts, a piece at a time, under the words that the grammar reads: Japanese, Chinese, Korean and Russian.
SPOKEN = {
    "flag": "品質情報 均質番号 現象なし情報 标志 플래그 признак",
    "precipitation": "降水量 降水 강수량 осадк осадков",
    "rainfall": "降雨量 雨量 강우량",
    "air temperature": "気温 气温 氣溫 기온",
    "sea level pressure": "海面気圧 해면기압",
    "station pressure": "現地気圧 현지기압",
    "pressure": "気圧 气压 氣壓 기압 давлени",
    "relative humidity": "相対湿度 相对湿度 相對濕度 상대습도",
    "humidity": "湿度 습도 влажност",
    "vapour pressure": "蒸気圧 水汽压 水汽壓 증기압",
    "global radiation": "全天日射量 总辐射",
    "radiation": "日射量 辐射量 辐射 輻射 일사량 일사 радиаци",
    "sunshine": "日照時間 日照时数 日照時數 일조시간 일조 сияни",
    "daylength": "可照時間 가조시간",
    "wind speed": "風速 风速 風力 풍속",
    "wind gust": "瞬間風速",
    "direction": "風向 风向 풍향 направлени",
    "snow depth": "積雪深 積雪 积雪深度 雪深 积雪 적설",
    "max snow depth": "最深積雪",
    "snowfall": "降雪量 降雪 신적설",
    "evaporation": "蒸発量 蒸发量 蒸发 증발량 испарени испаряемост",
    "evapotranspiration": "蒸発散量 蒸散量 蒸散",
    "dew": "露点温度 露点 이슬점온도 이슬점 точк рос",
    "water temp": "水温 수온",
    "soil temp": "地温 지중온도",
    "cloud": "雲量 云量 전운량 운량 облачност",
    "water level": "水位 수위",
    "visibility": "視程",
    "mean": "平均 평균 средн",
    "max": "最高 最大 최심 최고 최대 максимальн наибольш",
    "min": "最低 最小 최저 минимальн наименьш",
    "sum": "合計 累计 합계 누적 сумм",
    "daily": "日 일 суточн сутки",
    "monthly": "月 월 месячн",
    "hourly": "時間 小时 시간",
    "": "の 値 最 покров",
    "annual": "年",
    "humidity index": "湿润",
    "potential": "潜在",
    "solar radiation": "太阳辐射",
    "snow water equivalent": "雪水当量",
    "soil": "土壤 почв",
    "ground": "地面",
    "surface": "地表 поверхност",
    "station": "本站 станци",
    "sea level": "海平面",
    "temperature": "温度 溫度 температур",
    "total": "总 суммарн",
    "days": "日数 天数 дней",
    "quality": "质量 품질 качеств",
    "anomaly": "距平",
    "ground temp": "지면온도",
    "grass soil temp": "초상온도",
    "instantaneous": "순간",
    "pan": "대형 소형",
    "duration": "계속시간 풍정",
    "time code": "시각",
    "rain": "дожд",
    "air": "воздух",
    "water": "вод",
    "relative": "относительн",
    "atmospheric": "атмосферн",
    "sea": "мор",
    "level": "уровн уровень",
    "vapour": "упругост парциальн водяного_пара пара",
    "deficit": "дефицит",
    "wind": "ветр ветер",
    "speed": "скорост",
    "gust": "порыв",
    "snow": "снег снежн",
    "depth": "высот",
    "equivalent": "запас",
    "solar": "солнечн",
    "amount": "количеств",
}
SCRIPTS = {form.replace("_", " "): word for word, forms in SPOKEN.items() for form in forms.split()}
