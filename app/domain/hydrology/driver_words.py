"""Words for drivers of water in English, German, Dutch, French, Spanish, Italian and Portuguese."""

from __future__ import annotations

import re

from app.domain.hydrology.driver_languages import (
    DAYS,
    HIGHS,
    KNOWN_ELSEWHERE,
    LOWS,
    MEANS,
    OTHER_COMPOUNDS,
    PAIRS_ELSEWHERE,
    PLACES,
    STEMS_ELSEWHERE,
    SUMS,
)
from app.domain.hydrology.driver_units import DriverRole
from app.domain.hydrology.naming import one_of

Role = DriverRole

# Words that say what a column is made from or of, and leave its meaning alone: sources, places, spans of time.
DECOR = one_of(
    "era era5 era5land land eraland interim merra merra2 chirps chirpsv2 chirpsgefs mswep mswepv2 cpc gleam mgb awap "
    "agcd silo cr2met cr2 tmpa trmm gpm imerg persiann cmorph daymet maurer nldas gldas livneh prism gridmet eobs "
    "hyras "
    "haduk chess ceh gear cru tamsat terraclimate worldclim cfsr jra55 jra wfdei wfde5 emearth emo1 arc aemet "
    "eustace bull "
    "modis mod16 hargreaves penman monteith pm pt hg oudin ou turc thornthwaite priestley taylor fao fao56 makkink "
    "morton "
    "point wet syn lake areal short tall crop pan canopy soil vegetation bare ocean surface sfc surf ground "
    "aboveground above "
    "maboveground mab agl height depth level station stn gauge obs observed meas measured ens ref raw cor corr "
    "corrected "
    "adj grid gridded cell basin catchment catch watershed area average mean avg moy med median total tot sum daily "
    "hourly monthly day hour month 24h 1d 1h 24 d h hr data dwd knmi noaa ecmwf meteo met meteofrance "
    "smhi "
    "mdl sim simulated model lumped ts bc net gross amount height hoehe menge summe mittel tagesmittel tagessumme "
    "tagesmaximum tagesminimum jour jours journaliere journalier somme moyenne media promedio medio gemiddelde gem "
    "etmaal "
    "som am pm inst tavg acc f diario diaria giornaliera acumulada weather wx clim gem local ext outdoor out outside "
    "isba air of the "
    "per at from and on de del della la le les du des do da rav stn rad hpet rea"
)
HEIGHT = re.compile(r"^\d+(m|cm|mab|maboveground|mm)?$")
MINIMUM = one_of("min mn minimum mini minima minimale minimo minimum low lowest tn minimal niedrigste laagste inf n")
MAXIMUM = one_of("max mx maximum maxi maxima maximale maximo massima high highest tx maximal hoechste hoogste sup x")
MINIMUM |= LOWS | one_of("minima minimas minime")
MAXIMUM |= HIGHS
DECOR |= MEANS | SUMS | DAYS | PLACES
# A count, a share or a code of something, and what was worked out from it, is not the thing itself.
NOT_ITSELF = one_of(
    "freq frequency dur duration count counts days flag flags anomaly anom range std stdev sd stddev trend qc cd rmk "
    "qual "
    "quality code codes index idx ind corrcoef diff difference delta change ratio frac fraction timing season "
    "seasonality "
    "class cls type source score rank ranking lag lagged lags id ids number no nr num name var variance cv skew kurt "
    "quantile "
    "percentile hours prob probability chance error err uncertainty unc bias mask missing turbine turbines farm "
    "farms jacket "
    "jackets sales price prices cost costs tax revenue category cat label status alarm setpoint setpt target limit "
    "threshold capacity power interception loss normal normals climatology climate annual yearly ann norm normalized "
    "normalised scaled zscore log log10 ln sqrt exp cum cumulative cumsum cumul cumulated rolling roll moving ewm "
    "ema ma "
    "antecedent api prev previous yesterday tomorrow shift shifted attributes attribute attrs method trip delay "
    "insurance coat "
    "boots tire tires tyre tyres shoe shoes umbrella barrel garden forest warning alert event events free therapy "
    "dose dosage "
    "protection chill rose direction dir turbulence shear curve damage day_count erosivity water_content form shift "
    "blood "
    "heart body patient skill sensor battery batt voltage calibration serial model_id memory squared sq pca residual "
    "residuals expected forecasterror risk hazard policy claim claims account customer ticket tickets music song "
    "album team "
    "teams player game spread ci lower upper p05 p10 p25 p50 p75 p90 p95 p99 iqr slope intercept elasticity "
    "sensitivity "
    "factor factors memory store melt liquid minus deg direc degrees heading azimuth ratio months years"
)
NOT_ITSELF_STEMS = re.compile(
    r"dauer|duur|duree|duracion|durata|richtung|richting|direccion|direction|direzione|anzahl|" + OTHER_COMPOUNDS
)
# What a long name may have beside, and means nothing by itself.
HARMLESS = (
    (one_of("previous since"), one_of("processing post")),
    (one_of("exposure"), one_of("solar")),
    (one_of("duration hours"), one_of("daylight daylength dayl")),
)
# Words that belong to names of drivers, so that nothing in the name is unknown.
KNOWN = KNOWN_ELSEWHERE | one_of(
    "water equivalent component u v e n relative specific rel potential actual reference pot act total mean sea "
    "short long wave solar global downwards downward down in incoming net thermal direct diffuse sky speed velocity "
    "snelheid geschwindigkeit velocidad velocidade velocita vitesse vent dry bulb fall hohe hauteur neige hoogte atm "
    "grnd relativ spd msl terre sol relative relatif relativa umidade atmospheric evapotranspiration solid "
    "liquid rate flux since previous post processing maximum instantaneous convective large scale deficit exposure "
    "potentielle potencial "
    "amount max min mean penman solaire solare zonne maxima minima media lluvia sp cloud clear sky "
    "hours duration length and erdb stationshoehe bare from transpiration canopy"
)
# A temperature of something else than the air.
NOT_AIR = one_of(
    "water soil dew dewpoint dp wet wb wetbulb skin lst sst sea bed oil engine coolant cpu gpu panel logger internal "
    "inner "
    "indoor inside room oven furnace feels feel apparent heat effective gradient dtr diurnal radiant globe crop leaf "
    "canopy glass melting boiling core tank pipe supply return exhaust boden wasser bodem eau sol agua acqua suelo "
    "suolo "
    "rosee rocio taupunkt dauwpunt snow processor board chip case motor bearing ambient_ref freezer fridge reactor "
    "color "
    "colour target potential ground wtemp vapour vapor inlet outlet chamber furnace annealing cooking baking brew mash "
    "orvalho rosa rosy rosneho harmatpont ciy przy gruncie pudy pudni szorulmen grunt gruntu yuzey toprak talaj maan "
    "veden kastepiste talajhomerseklet trawie grass nst minbodentemp wasser vatten jord hav sjo "
    "snowpack lake river stream sediment grondwater grundwasser groundwater gw"
)
NOT_SNOW = one_of("cover albedo density temperature temp temps tire tires line code board shoes covered sca extent cci")
NOT_HUMIDITY = one_of("soil boden bodem sol suelo suolo moisture absolute indoor room inside kelder box sensor ah")
NOT_RADIATION = one_of(
    "uv uva uvb par albedo therapy sun sunshine treatment exposure oncology background nuclear gamma"
)
NOT_DRIVEN = {
    Role.TEMPERATURE: NOT_AIR,
    Role.SNOW: NOT_SNOW,
    Role.HUMIDITY: NOT_HUMIDITY,
    Role.RADIATION: NOT_RADIATION,
    Role.RAIN: one_of("throughfall acid bow coat check forest stemflow melt infiltration art"),
    Role.WIND: one_of("stress instrument energy tunnel screen shield sock mill gap fall row up chimes chime orchestra"),
    Role.EVAPORATION: one_of("fractionation fraction stress evaporator ponds"),
    Role.VAPOUR_PRESSURE: one_of("saturation sat"),
}
# Stems of words, in English, German, Dutch, French, Spanish, Italian and Portuguese, without accents.
STEMS = (
    (Role.VAPOUR_PRESSURE, r"(water)?vapou?r(_?pres\w*|_?deficit|p)?|vprp|vapp|vappres|dampfdruck|dampdruk|"
     r"tension(?=_?(de_?)?(la_?)?vap)"),
    (Role.EVAPORATION, r"evapo\w*|evap(?!orator)\w*|evt|evpt|verdunstung\w*|verdamping\w*|\w*verdunstung|\w*verdamping|"
     r"pet|peti|aet|et0|eto|etp|etr|etpot|etact|petr|potet|actet|refet|makkink|etref|etactual|etpotential"),
    (Role.SNOW, r"snow(?!flake|board|ball|man|mob)\w*|swe|neige\w*|nieve|nevada|neve|nevicata|sneeuw\w*|schnee\w*|"
     r"neuschnee|\w*schnee\w*|snodas|"
     r"snwd"),
    (Role.RADIATION, r"rad|radn|radiation\w*|srad|swrad|lwrad|solarrad|shortwave\w*|longwave\w*|irradian\w*|insolation|"
     r"\w*strahlung|\w*straling|rayonnement|radiacion|radiazione|radiacao|globalrad|netrad|swdown|lwdown|slr\w*|"
     r"solrad|swin|lwin"),
    (Role.HUMIDITY, r"humid\w*|hum|rh|relhum|rhum|spechum|\w*feuchte|\w*feuchtigkeit|\w*vochtigheid|humedad|umidita|"
     r"umidade|"
     r"rhmean|rhmin|rhmax|rhavg"),
    (Role.DAY_LENGTH, r"dayl|daylength|daylen|daylight|photoperiod|tageslange|tageslaenge|daglengte"),
    (Role.WIND, r"wind(?!ow|sor|shield|screen|mill|fall|chill|dir\b|direction)\w*|\w*windspeed|wnd|gusts?|"
     r"windgust|viento|vento|boe|windspitze\w*|rafale|raffica|rafaga"),
    (Role.TEMPERATURE, r"temp|airt|airtc|temps|temperat\w*|airtemp\w*|\w+temperatu(r|ur)\w*|tair|tmean|tavg|tmoy|"
     r"tmed|tmit|tmin|tmax|tmp|"
     r"mintemp|maxtemp|avgtemp|meantemp|lufttemp\w*|drybulb|temperatuur|tasmin|tasmax"),
    (Role.RAIN, r"rain|rains|rainfall\w*|rainf|rainmm|precip\w*|prec|prcp|ppt|pcp|pcpn|pptn|pptrate|pluie\w*|"
     r"pluvio\w*|lluvias?|pioggi\w*|"
     r"chuva\w*|neerslag\w*|\w*neerslag|regen(?!erat)\w*|\w*regen|niederschlag\w*|\w*niederschlag\w*|nederbord\w*|"
     r"nedbor\w*|"
     r"precipit\w*|rainrate|apcp|prectot\w*"),
    (Role.PRESSURE, r"pressure|press|pres|barometric|baro\w*|luftdruck\w*|luchtdruk\w*|pression|presion|pressione|"
     r"pressao|"
     r"mslp|slp|airpressure|atmpres"),
    (Role.STAGE, r"stage|gageheight|gaugeheight|wasserstand|waterstand|pegelstand|pegel|waterlevel|waterlvl|"
     r"riverlevel|limnimetri\w*"),
    *STEMS_ELSEWHERE,
)  # fmt: skip
# Two words that make one thing.
PAIRS = (
    *PAIRS_ELSEWHERE,
    (Role.DAY_LENGTH, {"day", "length"}),
    (Role.DAY_LENGTH, {"duree", "jour"}),
    (Role.STAGE, {"gage", "height"}),
    (Role.STAGE, {"gauge", "height"}),
    (Role.STAGE, {"river", "level"}),
    (Role.STAGE, {"stream", "level"}),
    (Role.STAGE, {"water", "level"}),
    (Role.STAGE, {"hauteur", "eau"}),
    (Role.STAGE, {"nivel", "rio"}),
    (Role.STAGE, {"water", "stage"}),
    (Role.STAGE, {"river", "height"}),
    (Role.STAGE, {"livello", "idrometrico"}),
    (Role.WIND, {"vitesse", "vent"}),
    (Role.WIND, {"vent", "moyen"}),
    (Role.WIND, {"vent", "max"}),
    (Role.TEMPERATURE, {"dry", "bulb"}),
    (Role.RADIATION, {"solar", "exposure"}),
    (Role.RADIATION, {"solar", "down"}),
    (Role.RADIATION, {"sw", "down"}),
    (Role.RADIATION, {"lw", "down"}),
    (Role.RADIATION, {"sw", "in"}),
    (Role.RADIATION, {"lw", "in"}),
    (Role.RADIATION, {"sw", "net"}),
    (Role.RADIATION, {"lw", "net"}),
    (Role.EVAPORATION, {"et", "pot"}),
    (Role.EVAPORATION, {"et", "act"}),
    (Role.EVAPORATION, {"et", "actual"}),
    (Role.EVAPORATION, {"et", "total"}),
    (Role.EVAPORATION, {"et", "crop"}),
    (Role.EVAPORATION, {"et", "point"}),
    (Role.EVAPORATION, {"et", "wet"}),
    (Role.EVAPORATION, {"et", "ref"}),
)
# Where pressure and levels are measured that are those of the weather and of a river; they have many others.
PLAIN = one_of(
    "sea msl mean level lvl surface station atmospheric atm air barometric baro atmosferica atmosferico atmospherique "
    "reduced "
    "qfe qnh slp mslp pres press pressure river stream gage gauge height water eau rio nivel hauteur stage mer mar "
    "mare luft stationshoehe meereshoehe zeeniveau stationniveau "
    "local hpa high low tlak vzduchu powietrza poziomie morza stacji hladine more tengerszinti merenpinta havsniva "
    "havniveau deniz reduzida reducida riduite estacao estacion aktuel aktuelle horario horaria nivel mar del do mare "
    "sur set altimeter niveau au livello idrometrico livelli stan wody vodni stav su seviyesi cota"
)
GROUND = one_of(
    "ground groundwater gw well aquifer grundwasser grondwater nappe pozo bore borehole piezometer depth dtw"
)
# What HydroATLAS and the CAMELS attribute tables call the climate of a place in the long run.
LONG_RUN = re.compile(
    r"_[suc](yr|mn|mx|av|su|\d\d)$|^(aridity|moisture_index|p_seasonality|frac_snow|(high|low)_prec)|_(clim|ltm|"
    r"normal)$|"
    r"^(mean|avg)?_?annual_|_annual(_|$)|^(map|mat)$"
)
