"""Codes of data products for driver columns, such as `PRCP`, from their documentation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.hydrology.driver_products import (
    DEPTHS_MORE,
    MORE_FAMILIES,
    SHORT_MORE,
    SIGNED_MORE,
    SURE_MORE,
    WEAK,
)
from app.domain.hydrology.driver_units import DriverRole
from app.domain.hydrology.naming import one_of

Role = DriverRole


@dataclass(frozen=True)
class NameReading:
    """One thing that a name may stand for.

    `is_sure` says that nothing else is called so; the values or their company have to bear out any other reading.
    `family` is the product whose code it is, "" for a word, and `unit` the unit that the product documents.
    `is_agreed` says that every product with this code gives it that unit. `is_common` says that many tables share
    the name, so that other weather beside it bears it out. `is_signed` says that the values
    have a direction. `is_weak` says that other things than weather are called so too, so that two of unit,
    values and other weather have to bear it out. `note` is a key of `drivers.NOTES`, "" where nothing is to say.
    """

    role: DriverRole
    is_sure: bool = True
    family: str = ""
    unit: str = ""
    is_agreed: bool = False
    is_common: bool = False
    is_signed: bool = False
    is_weak: bool = False
    note: str = ""


# What the documents of products call their columns. One entry is code:role:unit; without a role it is no driver, and
# only tells that the table is one of the product. The roles are shortened to the letters of ROLES.
ROLES = {
    "p": Role.RAIN, "s": Role.SNOW, "t": Role.TEMPERATURE, "n": Role.TEMPERATURE_MIN, "x": Role.TEMPERATURE_MAX,
    "r": Role.RADIATION, "e": Role.EVAPORATION, "h": Role.HUMIDITY, "v": Role.VAPOUR_PRESSURE, "b": Role.PRESSURE,
    "w": Role.WIND, "l": Role.STAGE, "d": Role.DAY_LENGTH,
}  # fmt: skip
FAMILIES = {
    # Cornes et al. 2018, Journal of Geophysical Research: Atmospheres 123, 9391-9409, and the station files of ECA&D.
    "E-OBS": "rr:p:mm tg:t:°C tn:n:°C tx:x:°C pp:b:hPa hu:h:% fg:w:m/s qq:r:W/m² sd:s:cm cc ss fx:w:m/s dd",
    # The parameter database of ECMWF.
    "ERA5": "t2m:t:K 2t:t:K d2m 2d skt stl1 stl2 tp:p:m e:e:m pev:e:m ro sro ssro sd:s:m sf:s:m smlt:s:m rsn lsp:p:m "
    "cp:p:m sp:b:Pa msl:b:Pa u10:w:m/s v10:w:m/s 10u:w:m/s 10v:w:m/s si10:w:m/s 10si:w:m/s ws10:w:m/s fg10:w:m/s "
    "i10fg:w:m/s 10fg:w:m/s ssrd:r:J/m² strd:r:J/m² ssr:r:J/m² str:r:J/m² tisr:r:J/m² fdir:r:J/m² ssrdc:r:J/m² "
    "mtpr:p:kg/m²/s tprate:p:m/s mer:e:kg/m²/s mper:e:kg/m²/s msr:s:kg/m²/s msdwswrf:r:W/m² msdwlwrf:r:W/m² "
    "msnswrf:r:W/m² msnlwrf:r:W/m² mn2t:n:K mx2t:x:K mn2t24:n:K mx2t24:x:K swvl1 swvl2 swvl3 swvl4 q:h:kg/kg",
    # The data request of CMIP6, table Amon and day.
    "CMIP": "pr:p:kg/m²/s prc:p:kg/m²/s prsn:s:kg/m²/s tas:t:K tasmin:n:K tasmax:x:K hurs:h:% huss:h:kg/kg hursmin:h:% "
    "hursmax:h:% rhs:h:% rhsmin:h:% rhsmax:h:% ps:b:Pa psl:b:Pa rsds:r:W/m² rlds:r:W/m² rsus:r:W/m² rlus:r:W/m² "
    "rsdt:r:W/m² rss:r:W/m² rls:r:W/m² "
    "evspsbl:e:kg/m²/s evspsblpot:e:kg/m²/s evspsblsoi:e:kg/m²/s evspsblveg:e:kg/m²/s sfcwind:w:m/s sfcwindmax:w:m/s "
    "uas:w:m/s vas:w:m/s snw:s:kg/m² snd:s:m ts mrro mrros mrso mrsos clt hfls snm:s:kg/m²/s potevap:e:kg/m²/s "
    "tran:e:kg/m²/s",
    # Climate Data Center of the German Weather Service, daily, hourly and 10-minute files of stations.
    "DWD": "rsk:p:mm rskf rs:p:mm rsf r1:p:mm rs_ind wrtr sdk shk_tag:s:cm sh_tag:s:cm nsh_tag:s:cm wash_6:s:mm "
    "waas_6 nm vpm:v:hPa pm:b:hPa tmk:t:°C upm:h:% txk:x:°C tnk:n:°C tgk:n:°C fx:w:m/s fm:w:m/s stations_id "
    "mess_datum qn_3 qn_4 qn_6 qn_8 qn_9 qn eor tt_tu:t:°C rf_tu:h:% p:b:hPa p0:b:hPa f:w:m/s d sd_so tt:t:°C rf:h:% "
    "fg_lberg:r:J/cm² fd_lberg:r:J/cm² atmo_lberg:r:J/cm² fg_strahl:r:J/cm² fd_strahl:r:J/cm² atmo_strahl:r:J/cm² "
    "sd_lberg sd_strahl vp_std:v:hPa tf_std absf_std p_std:b:hPa tt_std:t:°C rf_std:h:% td_std pp_10:b:hPa tt_10:t:°C "
    "tm5_10:t:°C rf_10:h:% td_10 rws_10:p:mm rws_dau_10 rws_ind_10 ff_10:w:m/s dd_10 fx_10:w:m/s fnx_10:w:m/s "
    "fmx_10:w:m/s gs_10:r:J/cm² ds_10:r:J/cm² ls_10:r:J/cm² sd_10 tx_10:x:°C tn_10:n:°C tx5_10:x:°C tn5_10:n:°C "
    "mo_rr:p:mm mo_tt:t:°C mo_tx:x:°C mo_tn:n:°C mo_sd_s mo_fk mo_n mx_tx:x:°C mx_tn:n:°C mx_fx:w:m/s mx_rs:p:mm "
    "rs_05:p:mm rth_05:p:mm rwh_05:p:mm vpgfao:e:mm vpgpm:e:mm vpgb:e:mm vpgh:e:mm vgsl:e:mm schneehoehe:s:cm "
    "v_te002 v_n v_vv",
    # Royal Netherlands Meteorological Institute, daily and hourly files of stations; most units are tenths.
    "KNMI": "stn yyyymmdd hh ddvec fhvec:w:0.1_m/s fg:w:0.1_m/s fhx:w:0.1_m/s fhxh fhn:w:0.1_m/s fhnh fxx:w:0.1_m/s "
    "fxxh "
    "tg:t:0.1_°C tn:n:0.1_°C tnh tx:x:0.1_°C txh t10n:n:0.1_°C t10nh sq sp q:r:J/cm² dr rh:p:0.1_mm rhx:p:0.1_mm rhxh "
    "pg:b:0.1_hPa px:b:0.1_hPa pxh pn:b:0.1_hPa pnh vvn vvnh vvx vvxh ng ug:h:% ux:h:% uxh un:h:% unh ev24:e:0.1_mm "
    "dd fh:w:0.1_m/s ff:w:0.1_m/s fx:w:0.1_m/s t:t:0.1_°C td p:b:0.1_hPa vv n u:h:% ww ix rd:p:0.1_mm",
    # Thornton et al. 2022, ORNL DAAC, version 4 R1.
    "Daymet": "prcp:p:mm tmax:x:°C tmin:n:°C dayl:d:s srad:r:W/m² swe:s:kg/m² vp:v:Pa yday",
    # Land data assimilation of NASA and NOAA (NLDAS-2 in GRIB and NetCDF, AORC, National Water Model).
    "NLDAS": "apcp:p:kg/m² apcpsfc:p:kg/m² tmp:t:K spfh:h:kg/kg pres:b:Pa ugrd:w:m/s vgrd:w:m/s dlwrf:r:W/m² "
    "dswrf:r:W/m² pevap:e:kg/m² cape convfrac tair:t:K qair:h:kg/kg psurf:b:Pa wind_e:w:m/s wind_n:w:m/s lwdown:r:W/m² "
    "swdown:r:W/m² potevap:e:kg/m² rainf:p:kg/m² crainf_frac crainf:p:kg/m² snowf:s:kg/m²/s rainrate:p:mm/s t2d:t:K "
    "q2d:h:kg/kg u2d:w:m/s v2d:w:m/s psfc:b:Pa evap:e:kg/m²",
    # Global Historical Climatology Network, daily; Menne et al. 2012, readme of version 3.
    "GHCN": "prcp:p:0.1_mm snow:s:mm snwd:s:mm tmax:x:0.1_°C tmin:n:0.1_°C tavg:t:0.1_°C tobs:t:0.1_°C "
    "evap:e:0.1_mm wesd:s:0.1_mm wesf:s:0.1_mm awnd:w:0.1_m/s wsfg:w:0.1_m/s wsf1:w:0.1_m/s wsf2:w:0.1_m/s "
    "wsf5:w:0.1_m/s wsfi:w:0.1_m/s wsfm:w:0.1_m/s wdf2 wdf5 tsun psun acmh acsh pgtm dapr mdpr:p:0.1_mm awdr rhav:h:% "
    "rhmn:h:% rhmx:h:% adpt awbt aslp:b:0.1_hPa astp:b:0.1_hPa wdmv:w:km/d mnpn mxpn station",
    # Global Surface Summary of the Day, readme of NOAA's National Centers for Environmental Information.
    "GSOD": "temp:t:°F dewp slp:b:hPa stp:b:hPa visib wdsp:w:kn mxspd:w:kn mxspeed:w:kn gust:w:kn max:x:°F min:n:°F "
    "prcp:p:in "
    "sndp:s:in frshtt",
    # gridMET: Abatzoglou 2013, International Journal of Climatology 33, 121-131.
    "gridMET": "pr:p:mm tmmn:n:K tmmx:x:K rmin:h:% rmax:h:% sph:h:kg/kg srad:r:W/m² vs:w:m/s th etr:e:mm eto:e:mm "
    "pet:e:mm "
    "vpd:v:kPa erc bi",
    # NASA POWER.
    "POWER": "prectotcorr:p:mm prectot:p:mm t2m:t:°C t2m_max:x:°C t2m_min:n:°C rh2m:h:% qv2m:h:g/kg ps:b:kPa "
    "ws2m:w:m/s "
    "ws10m:w:m/s ws50m:w:m/s allsky_sfc_sw_dwn:r:kWh/m² allsky_sfc_lw_dwn:r:W/m² clrsky_sfc_sw_dwn:r:kWh/m² t2mdew "
    "t2mwet",
    # Meteo-France: SIM2 and the daily files of stations.
    "Meteo-France": "prenei_q:s:mm preliq_q:p:mm t_q:t:°C tinf_h_q:n:°C tsup_h_q:x:°C ff_q:w:m/s q_q:h:g/kg "
    "dli_q:r:J/cm² ssi_q:r:J/cm² hu_q:h:% evap_q:e:mm etp_q:e:mm pe_q swi_q drainc_q runc_q rr:p:mm tn:n:°C tx:x:°C "
    "tm:t:°C tntxm:t:°C ffm:w:m/s fxi:w:m/s fxy:w:m/s um:h:% un:h:% ux:h:% pmerm:b:hPa etpmon:e:mm etpgrille:e:mm "
    "glot:r:J/cm² tampli dg",
    # MeteoSwiss, daily.
    "MeteoSwiss": "rre150d0:p:mm rka150d0:p:mm tre200d0:t:°C tre200dn:n:°C tre200dx:x:°C gre000d0:r:W/m² ure200d0:h:% "
    "prestad0:b:hPa fkl010d0:w:m/s fkl010d1:w:m/s htoautd0:s:cm hto000d0:s:cm hns000d0:s:cm erefaod0:e:mm "
    "pva200d0:v:hPa sre000d0",
    # China Meteorological Administration, as CCAM has it.
    "CMA": "pre:p:mm tem_mean:t:°C tem_min:n:°C tem_max:x:°C rhu:h:% evp:e:mm ssd gst_mean gst_min gst_max prs:b:hPa "
    "prs_mean:b:hPa win_mean:w:m/s win_max:w:m/s",
    # Parameter codes of the U.S. Geological Survey.
    "NWIS": "00065:l:ft 00045:p:in 00020:t:°C 00021:t:°F 00025:b:mmHg 00035:w:mph 00052:h:%",
    # CAMELS of France (Delaigue et al. 2025), Denmark, Sweden and India, and like collections of basins.
    "CAMELS": "tsd_prec:p:mm tsd_prec_solid_frac tsd_temp:t:°C tsd_temp_min:n:°C tsd_temp_max:x:°C tsd_pet_ou:e:mm "
    "tsd_pet_pe:e:mm tsd_pet_pm:e:mm tsd_wind:w:m/s tsd_humid:h:g/kg tsd_rad_dli:r:J/cm² tsd_rad_ssi:r:J/cm² "
    "tsd_swi_gr tsd_swi_isba tsd_swe_isba:s:mm dkm_eta:e:mm dkm_dtp dkm_wcr pobs:p:mm tobs:t:°C wnd:w:m/s swr:r:W/m² "
    "lwr:r:W/m² longrad:r:W/m² shortrad:r:W/m² sdwe:s:mm swde:s:mm evapotransp:e:mm eact:e:mm "
    "epot:e:mm poten_evapo:e:mm raim",
    **MORE_FAMILIES,
}  # fmt: skip
# Codes that stand for nothing else: no other company is needed. All others have to be borne out.
SURE = SURE_MORE | one_of(
    "rhs rhsmin rhsmax t2m 2t tas tasmin tasmax hurs huss hursmin hursmax rsds rlds evspsbl evspsblpot sfcwind "
    "sfcwindmax uas vas prsn "
    "rsk shk_tag nsh_tag vpm upm txk tnk tmk tgk tt_tu rf_tu fg_lberg fd_lberg atmo_lberg fg_strahl fd_strahl "
    "atmo_strahl vp_std tt_std rf_std gs_10 rws_10 tt_10 tx_10 tn_10 rf_10 ff_10 ev24 t10n fhvec fhx fhn fxx prcp dayl "
    "srad swe apcp apcpsfc dswrf dlwrf ugrd vgrd spfh qair tair psurf swdown lwdown rainf potevap pevap rainrate wnd "
    "snwd wesd awnd wdsp mxspd sndp tmmn tmmx prectotcorr prectot rh2m qv2m ws2m ws10m allsky_sfc_sw_dwn "
    "allsky_sfc_lw_dwn ssrd strd u10 v10 10u 10v si10 10si mtpr pev msdwswrf msdwlwrf mn2t mx2t tsd_prec tsd_temp "
    "tsd_temp_min tsd_temp_max tsd_pet_ou tsd_pet_pe tsd_pet_pm tsd_wind tsd_humid tsd_rad_dli tsd_rad_ssi "
    "tsd_swe_isba "
    "dkm_eta pobs tobs sdwe swde poten_evapo prenei_q preliq_q tinf_h_q tsup_h_q dli_q ssi_q etp_q evap_q rre150d0 "
    "tre200d0 tre200dn tre200dx gre000d0 ure200d0 prestad0 fkl010d0 htoautd0 hto000d0 hns000d0 erefaod0 pva200d0 "
    "rka150d0 fkl010d1 wash_6 tmax tmin tavg tmean tmed tobs psfc evapotransp longrad shortrad t2m_max t2m_min mx2t24 "
    "mn2t24 pmerm glot etpmon etpgrille vpgfao mo_rr mo_tt mo_tx mo_tn tem_mean tem_min tem_max eto etr et0 pet aet "
    "etp "
    "rhav rhmn rhmx aslp astp wsf2 wsf5 wsfg sfc_wind snowf lwr swr rhu evp sdwe tsup tinf "
    "00065 00045 00020 00021 00025 00035 00052"
)
SIGNED = SIGNED_MORE | one_of(
    "u10 v10 10u 10v ugrd vgrd wind_e wind_n uas vas u2d v2d str msnlwrf msnswrf rls rss ssr e pev evap evspsbl mer "
    "mper"
)
# Snow as it lies, whose water depends on its density.
DEPTHS = DEPTHS_MORE | one_of("shk_tag sh_tag nsh_tag snwd sndp snd htoautd0 hto000d0 hns000d0")
COMPONENTS = one_of(
    "u10 v10 10u 10v ugrd vgrd wind_e wind_n uas vas u2d v2d u10m v10m u2m v2m u50m ugrd10m vgrd10m u_10m v_10m"
)
# Short names that many tables share; what they mean, their values have to bear out.
SHORT = {
    **SHORT_MORE,
    "p": "p b", "pr": "p", "pp": "p b", "rr": "p", "pre": "p", "prc": "p", "tp": "p", "rs": "p r", "r1": "p",
    "t": "t", "ta": "t", "tm": "t", "tg": "t", "tt": "t", "tn": "n", "tx": "x", "tas": "t", "tem": "t", "ti": "",
    "rh": "h p", "hu": "h", "rf": "h", "hr": "h", "ur": "h", "ug": "h", "um": "h", "rg": "r", "rn": "r", "sr": "r",
    "swr": "r", "ghi": "r", "rsw": "r", "rlw": "r", "qq": "r", "vp": "v", "ea": "v", "vap": "v", "vpd": "v", "vs": "w",
    "ws": "w", "ff": "w", "fg": "w", "wv": "w", "u2": "w", "et": "e", "eta": "e", "etc": "e", "etr": "e", "evp": "e",
    "etm": "e", "ev": "e", "sd": "s", "pn": "p", "slp": "b", "mslp": "b", "msl": "b", "sp": "b", "ps": "b", "psl": "b",
    "pa": "b", "po": "b", "p0": "b", "pg": "b", "pm": "b", "qnh": "b", "e": "e", "sf": "s", "hs": "s", "hn": "s",
    "snd": "s", "snw": "s", "rd": "p",
}  # fmt: skip


def _readings_by_code() -> dict[str, tuple[NameReading, ...]]:
    """Return the drivers that each code stands for in each product; a code that is no driver there has no reading."""
    name_readings: dict[str, list[NameReading]] = {}
    for family, entries in FAMILIES.items():
        for entry in entries.split():
            code, letter, unit = (*entry.split(":"), "", "")[:3]
            readings = name_readings.setdefault(code, [])
            if letter:
                signed, note = code in SIGNED, note_of(code)
                reading = NameReading(ROLES[letter], code in SURE, family, unit.replace("_", " "))
                common = letter in SHORT.get(code, "").split()
                readings.append(replace(reading, is_common=common, is_signed=signed, is_weak=code in WEAK, note=note))
    for code, letters in SHORT.items():
        readings = name_readings.setdefault(code, [])
        known = {reading.role for reading in readings}
        roles = [ROLES[letter] for letter in letters.split() if ROLES[letter] not in known]
        readings += [
            NameReading(role, code in SURE, is_common=True, is_weak=code in WEAK, note=note_of(code)) for role in roles
        ]
    return {code: tuple(_settle_units(readings, code)) for code, readings in name_readings.items()}


def _settle_units(readings: list[NameReading], code: str) -> list[NameReading]:
    """Return readings that know whether all products agree on the unit of a code that stands for nothing else."""
    units = {(reading.role, reading.unit) for reading in readings}
    return [
        replace(reading, is_agreed=reading.is_sure and len(units) == 1 and code not in SHORT_MORE)
        for reading in readings
    ]


def note_of(code: str) -> str:
    """Return which remark a code needs."""
    if code in ("vpd", "vapd"):
        return "deficit"
    if code in DEPTHS:
        return "depth"
    return "component" if code in COMPONENTS else ""


CODES: Mapping[str, tuple[NameReading, ...]] = _readings_by_code()
NWIS = frozenset(entry.split(":")[0] for entry in FAMILIES["NWIS"].split())
# Everyday words among the codes, and single letters, do not make a table one of a product.
COMMON = one_of(
    "hrmax hrmin air speed rh bar pan dir dew sol std prec humidity radiacion precipitacion temp max min gust "
    "station snow evap hh stn pres evap wind_e wind_n"
)


def _code_weights() -> dict[str, dict[str, int]]:
    """Return how much each code says that a table is one of a product: two where no other product has it."""
    codes = {family: {entry.split(":")[0] for entry in entries.split()} for family, entries in FAMILIES.items()}
    counts = Counter(code for members in codes.values() for code in members)
    return {
        family: {
            code: 2 if code in SURE and counts[code] == 1 else 1
            for code in members
            if len(code) > 1 and code not in COMMON
        }
        for family, members in codes.items()
    }


WEIGHTS: Mapping[str, Mapping[str, int]] = _code_weights()
