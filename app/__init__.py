"""HydroML: from a data file to a judged, reproducible experiment. See docs/decisions/ for why the house is built so."""
