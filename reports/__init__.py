"""The report: marts in, one self-contained HTML file out."""
