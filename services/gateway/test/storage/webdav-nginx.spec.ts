import { webdavServerContract } from '../contract/webdav-server.contract.js';
import { NGINX } from '../support/webdav-server.js';

webdavServerContract(NGINX);
