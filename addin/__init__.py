"""The imperative shell of Tieout: workbook hosts, the one page of effects, and the commands."""
