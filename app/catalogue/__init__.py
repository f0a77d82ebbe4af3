"""Which procedures exist, as data: what is asked, what is filed, what it costs, how long it may take, who decides."""
