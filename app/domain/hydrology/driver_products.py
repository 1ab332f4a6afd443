"""Codes of further data products for driver columns, continued from `driver_codes`."""

from __future__ import annotations

from app.domain.hydrology.naming import one_of

# Variables of the Canadian reanalyses, behind the version and whether they are predicted or analysed.
_CASR = (
    "tt_1_5m:t:°C tt_09944:t:°C pr0_sfc:p:m hr_1_5m:h hr_09944:h hu_1_5m:h:kg/kg hu_09944:h:kg/kg fb_sfc:r:W/m² "
    "fi_sfc:r:W/m² p0_sfc:b:hPa pn_sfc:b:hPa uvc_10m:w:kn uvc_09944:w:kn td_1_5m td_09944 sd_lnd:s:cm"
)
_CASR_STARTS = ("rdrs_v2_0_a", "rdrs_v2_0_p", "rdrs_v2_1_a", "rdrs_v2_1_p", "casr_v3_1_a", "casr_v3_1_p")


def _casr() -> str:
    return " ".join(f"{start}_{entry}" for start in _CASR_STARTS for entry in _CASR.split())


MORE_FAMILIES = {
    # GeoSphere Austria, klima-v2-1d: daily means and sums of stations.
    "GeoSphere": "tl_mittel:t:°C tlmax:x:°C tlmin:n:°C rf_mittel:h:% dampf_mittel:v:hPa p_mittel:b:hPa vv_mittel:w:m/s "
    "cglo_j:r:J/cm² rr:p:mm sh:s:cm shneu_manu:s:cm bewm_mittel so_h vvbft ffx:w:m/s tl:t:°C rr_flag rf:h:% "
    "cglo:r:W/m² erdb et0:e:mm",
    # State agency of meteorology of Spain, daily climate values of its open data.
    "AEMET": "tmed:t:°C prec:p:mm tmin:n:°C tmax:x:°C velmedia:w:m/s racha:w:m/s presmax:b:hPa presmin:b:hPa "
    "hrmedia:h:% hrmax:h:% hrmin:h:% horatmin horatmax dir sol horaracha",
    # The network of irrigation of Spain.
    "SIAR": "tempmedia:t:°C tempmax:x:°C tempmin:n:°C humedadmedia:h:% humedadmax:h:% humedadmin:h:% velviento:w:m/s "
    "velvientomax:w:m/s radiacion:r:MJ/m² precipitacion:p:mm petmon:e:mm etpmon:e:mm dirviento",
    # Meteostat, daily and hourly.
    "Meteostat": "tavg:t:°C tmin:n:°C tmax:x:°C prcp:p:mm wdir wspd:w:km/h wpgt:w:km/h pres:b:hPa tsun coco rhum:h:% "
    "dwpt",
    "Visual Crossing": "tempmin:n:°C tempmax:x:°C feelslike feelslikemin feelslikemax dew precipprob precipcover "
    "preciptype "
    "snowdepth:s:cm windgust:w:km/h windspeed:w:km/h winddir sealevelpressure:b:hPa cloudcover solarradiation:r:W/m² "
    "solarenergy:r:MJ/m² uvindex severerisk moonphase humidity:h:%",
    # Korea Meteorological Administration, daily observations of its open data.
    "KMA": "avgta:t:°C minta:n:°C maxta:x:°C sumrn:p:mm avgws:w:m/s maxws:w:m/s maxinsws:w:m/s avgrhm:h:% minrhm:h:% "
    "avgpv:v:hPa avgpa:b:hPa avgps:b:hPa maxps:b:hPa minps:b:hPa sumgsr:r:MJ/m² sumsmlev:e:mm sumlrgev:e:mm "
    "ddmes:s:cm ddmefs:s:cm avgtd avgts avgtca ssdur:d:h mi10maxrn hr1maxrn:p:mm n99rn:p:mm mintg rhm:h:% rn:p:mm",
    # MERRA-2: collections of surface fluxes, radiation and single levels.
    "MERRA-2": "t2m:t:K t2mmax:x:K t2mmin:n:K t2mmean:t:K prectot:p:kg/m²/s prectotcorr:p:kg/m²/s "
    "prectotland:p:kg/m²/s "
    "precsno:s:kg/m²/s precsnoland:s:kg/m²/s preccon:p:kg/m²/s precls:p:kg/m²/s swgdn:r:W/m² swgnt:r:W/m² lwgab:r:W/m² "
    "lwgnt:r:W/m² swgdnland:r:W/m² lwgabland ps:b:Pa slp:b:Pa u10m:w:m/s v10m:w:m/s u2m:w:m/s v2m:w:m/s u50m:w:m/s "
    "qv2m:h:kg/kg qv10m evland:e:kg/m²/s eflux hflux evap:e:kg/m²/s snomas:s:kg/m² snodp:s:m swtdn speed:w:m/s "
    "hournorain tprecmax:p:kg/m²/s bstar ustar tlml:t:K qlml ts t10m:t:K frsno gwettop gwetroot gwetprof tsoil1",
    # Japanese reanalyses, NCEP reanalyses, and short names of GRIB2 (wgrib2 and ecCodes).
    "GRIB2": "tprat:p:mm/d tprat1have:p:mm/d tmp2m:t:K spfh2m prmsl:b:Pa pressfc:b:Pa prate:p:kg/m²/s "
    "prate_ave:p:kg/m²/s pratesfc:p:kg/m²/s cprat:p:kg/m²/s dswrfsfc:r:W/m² dlwrfsfc:r:W/m² ulwrf uswrf nswrs:r:W/m² "
    "weasd:s:kg/m² weasdsfc:s:kg/m² snod:s:m snodsfc:s:m rh2m:h:% ugrd10m:w:m/s vgrd10m:w:m/s wind10m:w:m/s "
    "pevpr:e:W/m² "
    "lhtfl shtfl acpcp:p:kg/m² ncpcp:p:kg/m² tcdc dpt air:t:K rhum:h:% shum pottmp mslet:b:Pa 2r:h:% r2:h:% tpratsfc:p "
    "var2t:t:K evp:e:mm srweq:s:kg/m²/s asnow:s:m uflx vflx refc 2t:t:K tp:p 10si:w:m/s ssrd:r strd:r sd:s 2sh",
    # Weather Research and Forecasting model, and its hydrological extension.
    "WRF": "t2:t:K q2:h:kg/kg th2 psfc:b:Pa rainc:p:mm rainnc:p:mm rainsh:p:mm swdown:r:W/m² glw:r:W/m² swnorm "
    "u10:w:m/s v10:w:m/s snow:s:kg/m² snowh:s:m snownc:s:mm acsnow:s:mm acsnom lh hfx grdflx tsk slp:b:hPa rh2:h:% "
    "wspd10:w:m/s t2max:x:K t2min:n:K t2mean:t:K potevp:e lwdnb swdnb:r:W/m² sfcevp:e:mm",
    # ICON, COSMO, HARMONIE and the European regional reanalyses.
    "ICON": "t_2m:t:K tmax_2m:x:K tmin_2m:n:K tot_prec:p:kg/m² tot_prec_s:p rain_gsp:p:kg/m² rain_con:p:kg/m² "
    "snow_gsp:s:kg/m² snow_con:s:kg/m² relhum_2m:h:% pmsl:b:Pa ps:b:Pa asob_s:r:W/m² athb_s:r:W/m² aswdir_s:r:W/m² "
    "aswdifd_s:r:W/m² aswdifu_s vmax_10m:w:m/s u_10m:w:m/s v_10m:w:m/s h_snow:s:m w_snow:s:kg/m² td_2m qv_2m clct "
    "tot_snow:s:kg/m² asobs_s athd_s:r t_g t_so w_so rho_snow sp_10m:w:m/s aevap_s:e:kg/m²",
    # Norwegian Meteorological Institute: MET Nordic and NORA3.
    "NORA3": "air_temperature_2m:t:K relative_humidity_2m:h precipitation_amount_hourly:p "
    "integral_of_surface_downwelling_shortwave_flux_in_air_wrt_time:r:J/m² "
    "surface_downwelling_shortwave_flux_in_air:r:W/m² wind_speed_10m:w:m/s air_pressure_at_sea_level:b:Pa "
    "surface_air_pressure:b",
    # Finnish Meteorological Institute, daily observations.
    "FMI": "rrday:p:mm tday:t:°C r_1h:p:mm t2m:t:°C ws_10min:w:m/s wg_10min:w:m/s wd_10min rh:h:% td ri_10min "
    "snow_aws:s:cm "
    "p_sea:b:hPa n_man vis wawa tg_pt12h_min glob_1min:r:W/m² ta_pt1h_avg:t:°C ta_pt1h_max:x:°C ta_pt1h_min:n:°C "
    "rh_pt1h_avg:h:% ws_pt1h_avg:w:m/s pra_pt1h_acc:p:mm pa_pt1h_avg:b:hPa",
    # Danish Meteorological Institute: climate data and observations.
    "DMI": "acc_precip:p:mm mean_temp:t:°C max_temp_w_date:x:°C mean_relative_hum:h:% mean_wind_speed:w:m/s "
    "mean_pressure:b:hPa mean_radiation:r:W/m² acc_heating_degree_days_17 bright_sunshine temp_dry:t:°C temp_dew "
    "precip_past1h:p:mm radia_glob:r:W/m² pressure_at_sea:b:hPa pot_evaporation_makkink:e:mm snow_depth:s:cm "
    "vapour_pressure_deficit_mean leaf_moisture mean_daily_max_temp:x:°C mean_daily_min_temp:n:°C snow_depth_man:s:cm",
    # Institute of Meteorology and Water Management of Poland.
    "IMGW": "std:t:°C smdb:p:mm pksn:s:cm wlgs:h:% wlgd:h:% cpw:v:hPa ppps:b:hPa pppm:b:hPa fws:w:m/s nos tmng "
    "rwsn:s:mm "
    "stdb sumo:p roop tmaxd:x tmind:n tmnh",
    # Czech, Hungarian and Irish services, and MIDAS of the Met Office.
    "Services": "sra:p:mm tma:x:°C tmi:n:°C sno:s:cm sce:s:cm ssv rau:p:mm maxtp:x:°C mintp:n:°C cbl:b:hPa msl:b:hPa "
    "hm "
    "wdsp:w:kn glorad:r:J/cm² smd_wd smd_md smd_pd igmin gmin prcp_amt:p:mm max_air_temp:x:°C min_air_temp:n:°C "
    "glbl_irad_amt:r:kJ/m² rltv_hum:h:% stn_pres:b:hPa msl_pressure:b:hPa q10mnt_mxgst_spd:w:kn rhum:h:% wddir "
    "vappr:v:hPa wetb maxt:x:°C mint:n:°C radn:r:MJ/m² pan:e:mm meant:t:°C evap_syn:e evap_comb:e et_short_crop:e "
    "et_tall_crop:e et_morton_actual:e rrr:p:mm po:b:mmHg ff3:w:m/s mmxt:x mmnt:n mntm:t tpcp:p ppn:p",
    # California Irrigation Management Information System.
    "CIMIS": "dayasceeto:e dayeto:e dayprecip:p daysolradavg:r dayvappresavg:v dayairtmpmax:x dayairtmpmin:n "
    "dayairtmpavg:t "
    "dayrelhummax:h dayrelhummin:h dayrelhumavg:h daywindspdavg:w daydewpnt daywindrun daysoiltmpavg",
    # Stations of the United States: SNOTEL and SCAN, surface observations and reports of aerodromes.
    "SNOTEL": "wteq:s:in prcpsa:p:in srado:r:W/m² "
    "srdv:r wspdv:w:mph wspdx:w:mph rhumv:h:% rhum:h:% rhumn:h:% rhumx:h:% pvpv:v:kPa svpv sms sto wdirv pres:b:inHg "
    "tmpf:t:°F dwpf relh:h:% sknt:w:kn p01i:p:in p01m:p:mm alti:b:inHg mslp:b:hPa drct vsby gust skyc1 max_temp_f:x:°F "
    "min_temp_f:n:°F precip_in:p:in avg_wind_speed_kts:w:kn avg_rh:h:% srad_mj:r:MJ/m² max_rh:h:% min_rh:h:%",
    # Loggers of weather stations at home and in the field.
    "Loggers": "airtc:t:°C airtf:t:°F airtc_avg:t:°C slrw:r:W/m² slrkw:r slrmj:r:MJ/m² slrfd_w:r:W/m² ws_ms:w:m/s "
    "bp_mbar:b:hPa bp_kpa:b:kPa rain_mm:p:mm tempf:t:°F temp1f humidityin tempinf dewptf baromin:b:inHg "
    "baromrelin:b:inHg "
    "baromabsin:b:inHg windspeedmph:w:mph windgustmph:w:mph dailyrainin:p:in hourlyrainin:p:in rainratein:p "
    "solarradiation:r:W/m² totalrainin eventrainin weeklyrainin monthlyrainin yearlyrainin bar:b rain_rate:p "
    "outhumidity:h:% outtemp:t barometer:b inhumidity intemp barotp ptemp ptemp_c",
    # Towers of FLUXNET and the inputs of crop and basin models.
    "FLUXNET": "ta_f:t:°C ta_era:t:°C sw_in_f:r:W/m² sw_in:r:W/m² lw_in_f:r:W/m² lw_in:r:W/m² vpd_f:v:hPa pa_f:b:kPa "
    "p_f:p:mm "
    "ws_f:w:m/s rh:h:% netrad:r:W/m² ppfd_in ts_f_mdts_1 g_f_mds swc_f_mds_1 le_f_mds h_f_mds hmd:h slr:r "
    "irrad:r:kJ/m² "
    "mx2d:x mn2d:n",
    # U.S. Climate Reference Network, daily and hourly files (Diamond et al. 2013, readme of NCEI).
    "USCRN": "t_daily_max:x:°C t_daily_min:n:°C t_daily_mean:t:°C t_daily_avg:t:°C p_daily_calc:p:mm "
    "solarad_daily:r:MJ/m² rh_daily_max:h:% rh_daily_min:h:% rh_daily_avg:h:% sur_temp_daily_type sur_temp_daily_max "
    "sur_temp_daily_min sur_temp_daily_avg t_calc:t:°C t_hr_avg:t:°C t_max:x:°C t_min:n:°C p_calc:p:mm solarad:r:W/m² "
    "rh_hr_avg:h:% sur_temp sur_temp_max sur_temp_min wbanno lst_date crx_vn",
    # Canadian Surface Reanalysis and regional deterministic system (Gasset et al. 2021, HESS 25, 4917-4945).
    "CaSR": _casr(),
    # Atmospheric regional reanalysis of the Bureau of Meteorology (Su et al. 2019, GMD 12, 2049-2068).
    "BARRA": "accum_prcp:p:kg/m² accum_ls_prcp:p:kg/m² av_temp_scrn:t:K temp_scrn:t:K max_temp_scrn:x:K "
    "min_temp_scrn:n:K av_swsfcdown:r:W/m² av_lwsfcdown:r:W/m² av_mslp:b:Pa sfc_pres:b:Pa av_uwnd10m:w:m/s "
    "av_vwnd10m:w:m/s uwnd10m:w:m/s vwnd10m:w:m/s qsair_scrn:h:kg/kg av_qsair_scrn:h:kg/kg dewpt_scrn av_sens_hflx "
    "av_lat_hflx",
    # Inputs of LISFLOOD and EMO (Thiemig et al. 2022, ESSD 14, 3249-3272), daily and six-hourly.
    "EMO": "pr6:p:mm pr24:p:mm ta6:t:°C ta24:t:°C tn:n:°C tx:x:°C rg:r:J/m² pd:v:hPa ws:w:m/s e0:e:mm es0:e:mm "
    "et0:e:mm",
}  # fmt: skip
# Of these, the codes that stand for nothing else.
SURE_MORE = one_of(
    "tl_mittel tlmax tlmin dampf_mittel cglo_j cglo velmedia hrmedia tempmin tempmax tempmedia wspd wpgt avgta minta "
    "maxta "
    "sumrn avgrhm avgpv sumgsr t2mmax t2mmin t2mmean prectotland precsno swgdn swgnt lwgab snomas snodp prmsl tmp2m "
    "pressfc prate dswrfsfc weasd ugrd10m vgrd10m rainnc rainc t_2m tmax_2m tmin_2m tot_prec relhum_2m pmsl asob_s "
    "vmax_10m h_snow w_snow rrday maxtp mintp glorad prcp_amt max_air_temp min_air_temp glbl_irad_amt rltv_hum wteq "
    "srado "
    "tmpf relh sknt p01i p01m alti airtc airtc_avg airtf slrw slrkw slrmj bp_mbar ws_ms tempf baromin baromrelin "
    "baromabsin "
    "windspeedmph windgustmph dailyrainin hourlyrainin solarradiation solarenergy ta_f sw_in_f lw_in_f pa_f netrad "
    "maxt "
    "mint radn rhum acc_precip mean_temp mean_relative_hum radia_glob temp_dry dayairtmpavg dayairtmpmax dayairtmpmin "
    "t_daily_max t_daily_min t_daily_mean t_daily_avg p_daily_calc solarad_daily solarad rh_daily_avg t_hr_avg "
    "rh_hr_avg accum_prcp av_temp_scrn max_temp_scrn min_temp_scrn av_swsfcdown av_lwsfcdown av_mslp qsair_scrn pr6 "
    "ta6 ta24 mmxt mmnt mntm tpcp wlgs ppps pppm tpratsfc u10m v10m pksn"
)
SIGNED_MORE = one_of(
    "av_uwnd10m av_vwnd10m uwnd10m vwnd10m u10m v10m u2m v2m u50m ugrd10m vgrd10m u_10m v_10m lwgnt swgnt athb_s nswrs"
)
DEPTHS_MORE = one_of("sh shneu_manu snowdepth snodp snod snodsfc snowh h_snow snow_aws pksn sno sce ddmes ddmefs asnow")
# Short names that many tables share. The weak ones also name other things than the weather, so that even
# their unit is believed only beside it.
SHORT_MORE = {
    "tl": "t", "tmn": "n", "tmx": "x", "tdb": "t", "at": "t", "rn": "p r", "rg": "r p", "rhm": "h", "pv": "v b",
    "dampf": "v", "vap": "v", "gsr": "r", "wspd": "w", "wsp": "w", "wsr": "w", "wg": "w", "ffx": "w", "rso": "r",
    "glob": "r", "pcpn": "p", "rra": "p", "pluv": "p", "ur": "h", "hrel": "h", "hmd": "h",
    "bp": "b", "baro": "b", "patm": "b", "vel": "w", "spd": "w", "vv": "w", "ff": "w",
    "lai": "", "maxt": "x", "mint": "n", "mxt": "x", "mnt": "n", "tempmin": "n", "tempmax": "x",
}  # fmt: skip
WEAK = one_of("vel spd vv at bp glob wg hrmax hrmin speed std pan bar air rn")
