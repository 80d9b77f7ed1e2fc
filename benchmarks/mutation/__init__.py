"""Mutation testing: are wrong versions of the code noticed by the tests?"""
