from tests.browser.conftest import browser as browser
from tests.browser.conftest import customer as customer
from tests.support.service import names as names
from tests.support.service import request_of as request_of
from tests.support.service import rows as rows
