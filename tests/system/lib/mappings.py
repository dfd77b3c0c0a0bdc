"""Mappings that many tests use, as mapping_file() takes them."""

ACCOUNT_FIELDS = ["Name", "Phone", "Fax", "Website", "Description", "BillingCity", "NumberOfEmployees", "AnnualRevenue",
                  "CreatedDate", "LastModifiedDate", "Duet_Key__c"]
CONTACT_FIELDS = ["FirstName", "LastName", "Email", "Phone", "Title", "Birthdate", "AccountId", "CreatedDate", "Duet_Key__c"]

ACCOUNT = {"Account": {"fields": ACCOUNT_FIELDS, "access": "read_write", "upsert": "Duet_Key__c"}}
CONTACT = {"Contact": {"fields": CONTACT_FIELDS, "access": "read_write", "upsert": "Duet_Key__c"}}


def account(**config):
    """The mapping of Account with other settings: access, upsert, fields, or Duet's own keys."""
    return {"Account": {**ACCOUNT["Account"], **config}}
