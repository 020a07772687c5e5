"""Services: state, jobs, uploads, data sets and models.

Only they call `vae_core`; they draw nothing and import no component.
"""
