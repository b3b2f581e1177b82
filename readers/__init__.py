"""Readers that others wrote, let loose on our stand-ins: do they understand what stands in for the real thing?"""
