"""Many fits at once: jobs with stable keys, over local processes or a Dask cluster, resumed where they stopped."""
